// All sessions of the decoder: asked for while somebody looks, and told to who draws them.

import { getJson, sessionPath } from "./api.js";
import { pauseS } from "./backoff.js";
import { Session } from "./session.js";

const POLL_MS = 1500;
const MOST_LISTED = 300;

export class Sessions {
  #timer = 0;
  #failures = 0;
  #asking = false;
  #isWanted = false;

  /** onChange() after each answer; onProblem(problem, pauseS) where there was none. */
  constructor(onChange, onProblem) {
    this.byName = new Map();
    this.isKnown = false; // whether there was an answer yet
    this.isCut = false; // whether there may be more than are listed
    this.chosen = null; // name of one that is listed wherever it stands
    this.onChange = onChange;
    this.onProblem = onProblem;
    document.addEventListener("visibilitychange", () => this.ask());
  }

  /** The sessions, the newest first, those that are live before the others. */
  get all() {
    const sessions = [...this.byName.values()];
    return sessions.sort((a, b) => Number(b.isLive) - Number(a.isLive) || byStart(a, b));
  }

  get live() {
    return this.all.filter((session) => session.isLive);
  }

  /** Ask now, and then again and again. */
  async ask() {
    clearTimeout(this.#timer);
    this.#isWanted = this.#asking; // again, for what has changed since that question
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    let pauseMs = POLL_MS;
    try {
      this.#take(await this.#listed());
    } catch (problem) {
      this.#failures += 1;
      pauseMs = 1000 * pauseS(this.#failures, Math.random());
      this.onProblem(problem, pauseMs / 1000);
      if (problem.wantsToken) pauseMs = null; // somebody has to do something first
    } finally {
      this.#asking = false;
    }
    if (this.#isWanted) pauseMs = 0;
    if (pauseMs !== null) this.#timer = setTimeout(() => this.ask(), pauseMs);
  }

  async #listed() {
    const { sessions } = await getJson(`v1/sessions?limit=${MOST_LISTED}`);
    this.isCut = sessions.length >= MOST_LISTED;
    const { chosen } = this;
    if (!this.isCut || !chosen || sessions.some(({ session }) => session === chosen)) return sessions;
    try {
      return [...sessions, await getJson(sessionPath(chosen))];
    } catch (problem) {
      if (problem.status < 400 || problem.status >= 500 || problem.wantsToken) throw problem;
      return sessions; // there is none of that name
    }
  }

  #take(summaries) {
    const hadFailed = this.#failures > 0;
    this.#failures = 0;
    this.isKnown = true;
    const names = new Set(summaries.map((summary) => summary.session));
    for (const [name, session] of this.byName) {
      if (names.has(name)) continue;
      session.close();
      this.byName.delete(name);
    }
    for (const summary of summaries) {
      const known = this.byName.get(summary.session);
      if (known) known.update(summary);
      else this.byName.set(summary.session, new Session(summary));
    }
    if (hadFailed) for (const session of this.byName.values()) session.follower.hurry();
    this.onChange();
  }
}

function byStart(a, b) {
  return b.summary.started_t - a.summary.started_t || a.name.localeCompare(b.name);
}
