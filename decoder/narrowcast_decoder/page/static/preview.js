// The face as it came and as the model restores it, where its publisher allows that.

import { getJson, sessionPath } from "./api.js";
import { byId, setText, show } from "./dom.js";

const PERIOD_MS = 500;
const LONGER_MS = 5000; // after a failure that may pass

export class Preview {
  #timer = 0;
  #session = null;
  #refused = new Set(); // sessions whose publishers do not allow it: asked once

  follow(session) {
    clearTimeout(this.#timer);
    this.#session = session;
    show(byId("face"), false);
    if (session) this.#poll(session);
  }

  async #poll(session) {
    const { name } = session;
    if (this.#refused.has(name)) return;
    let pauseMs = PERIOD_MS;
    if (!document.hidden && session.isLive) pauseMs = await this.#load(session);
    if (session !== this.#session || pauseMs === null) return;
    this.#timer = setTimeout(() => this.#poll(session), pauseMs);
  }

  async #load(session) {
    try {
      const face = await getJson(sessionPath(session.name, "/face"));
      if (session === this.#session) draw(face);
      return PERIOD_MS;
    } catch (problem) {
      if (session === this.#session) show(byId("face"), false);
      const isFinal = problem.kind.startsWith("preview-") || problem.status === 403;
      if (!isFinal) return LONGER_MS;
      this.#refused.add(session.name);
      return null;
    }
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
