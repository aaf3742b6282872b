// The page put together.

import { Animator } from "./animator.js";
import { byId, setText, show } from "./dom.js";
import { drawn } from "./drawn.js";
import { Focus } from "./focus.js";
import * as messages from "./messages.js";
import { Sessions } from "./sessions.js";
import { installTheme, onTheme } from "./theme.js";
import { token } from "./token.js";
import { Overview } from "./overview.js";

const HASH = /^#session=(.+)$/;

class Page {
  #chosen = wanted(); // name of the session to look at, null for none
  #hasChosen = wanted() !== null;

  constructor() {
    this.animator = new Animator();
    this.focus = new Focus();
    this.overview = new Overview(this.animator);
    this.sessions = new Sessions(() => this.#update(), (problem, pauseS) => this.#fail(problem, pauseS));
    this.animator.add(this.focus);
    this.sessions.chosen = this.#chosen;
    addEventListener("hashchange", () => {
      this.#chosen = this.sessions.chosen = wanted();
      this.#hasChosen = true;
      if (this.sessions.isCut) this.sessions.ask();
      this.#update();
      if (this.#chosen) byId("panels").focus({ preventScroll: true });
      scrollTo({ top: 0 });
    });
    onTheme(() => this.#drawAnew());
    // The latter is uPlot's: the page is on another screen, or zoomed.
    for (const event of ["resize", "dppxchange"]) addEventListener(event, () => this.#drawAnew());
  }

  start() {
    this.sessions.ask();
    this.animator.run();
  }

  /** All of it, also what stands still. */
  #drawAnew() {
    this.focus.isUrgent = true;
    for (const session of this.sessions.byName.values()) session.changed();
  }

  #update() {
    if (!this.sessions.isKnown) return;
    messages.notice(null);
    const { all, live } = this.sessions;
    if (!this.#hasChosen && live.length === 1) this.#chosen = live[0].name;
    if (live.length) this.#hasChosen = true;
    const session = this.#chosen ? this.sessions.byName.get(this.#chosen) ?? null : null;
    session?.open();
    this.focus.open(session);
    this.overview.update(all, session, this.sessions.isCut);
    setText(byId("count"), all.length ? `${live.length} live` : "");
    show(byId("close"), all.length > 1);
    show(byId("forget"), token() !== null);
    this.#say(all, session);
  }

  #say(all, session) {
    if (this.#chosen && !session) messages.sayUnknown(this.#chosen);
    if (this.#chosen && !session && all.length) messages.showMessage(messages.UNKNOWN);
    else messages.showMessage(all.length ? messages.NONE : messages.EMPTY);
    document.title = session ? `${session.name} – narrowcast` : "narrowcast";
  }

  #fail(problem, pauseS) {
    if (!problem.wantsToken) {
      messages.notice(problem, pauseS);
      return;
    }
    for (const session of this.sessions.byName.values()) session.close();
    this.sessions.byName.clear();
    this.focus.open(null);
    this.overview.update([], null);
    messages.notice(null);
    messages.wantToken(problem);
  }
}

function wanted() {
  const found = HASH.exec(location.hash);
  try {
    return found ? decodeURIComponent(found[1]) : null;
  } catch {
    return found[1]; // a stray %: no session is named so
  }
}

function start() {
  installTheme(byId("theme"));
  messages.writeCommands();
  if (!window.uPlot) {
    const message = "its charts are missing: run `pip install '.[decoder]'` in your copy of the repository";
    messages.notice({ status: 503, message });
    return;
  }
  const page = new Page();
  messages.installToken(() => page.sessions.ask());
  // What is on the screen, for tests: read, never written.
  window.narrowcast = Object.freeze({ drawn: () => drawn(page.focus) });
  page.start();
}

start();
