// The face as it came and as the model restores it, where its publisher allows that.

import { getJson, sessionPath } from "./api.js";
import { byId, setText, show } from "./dom.js";

const PERIOD_MS = 500;
const LONGER_MS = 5000; // after a failure that may pass

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Preview {
  #session = null;
  #polled = new Set();

  /** Look at the face of a session, or at none (null). Said again whenever more is known of it. */
  follow(session) {
    if (session !== this.#session || !session?.isPreviewed) show(byId("face"), false);
    this.#session = session;
    if (session) this.#poll(session);
  }

  /** Ask for as long as there is something to see, and somebody who looks. */
  async #poll(session) {
    if (this.#polled.has(session)) return;
    this.#polled.add(session);
    while (this.#isSeen(session) && !document.hidden) await pause(await this.#load(session));
    this.#polled.delete(session);
  }

  #isSeen(session) {
    return session === this.#session && session.isPreviewed;
  }

  /** Returns after how many ms it is worth while to ask again. */
  async #load(session) {
    let face = null;
    let pauseMs = PERIOD_MS;
    try {
      face = await getJson(sessionPath(session.name, "/face"));
    } catch {
      pauseMs = LONGER_MS;
    }
    if (face && this.#isSeen(session)) draw(face);
    else if (session === this.#session) show(byId("face"), false);
    return pauseMs;
  }
}

function draw(face) {
  for (const kind of ["received", "restored"]) {
    const picture = byId(`face-${kind}`);
    const isPicture = String(face[kind]).startsWith("data:image/png;base64,");
    show(picture.parentElement, isPicture); // not every model restores one
    if (isPicture) picture.src = face[kind];
  }
  byId("face-received").alt = "The face as it was received";
  byId("face-restored").alt = "The face as the model restores it";
  setText(byId("face-received-text"), `as received, ${Number(face.px)} px, QP ${Number(face.qp)}`);
  show(byId("face"), true);
}
