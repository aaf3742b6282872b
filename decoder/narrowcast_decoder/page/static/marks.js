// The marks of the session that is looked at: new ones are asked for now and then, and added.

import { ask, getJson, sessionPath } from "./api.js";

const POLL_MS = 2000;

export class Marks {
  #timer = 0;
  #followed = null; // {name, startedT} of the session; another one for each that is followed
  #byId = new Map();
  #lastId = 0; // up to here all are known

  /** onChange(): there are others than before. */
  constructor(onChange) {
    this.onChange = onChange;
    this.all = []; // in order of t
    this.isOffered = true; // whether this decoder keeps marks
  }

  /** Those of a session, or of none (null). Said again whenever more is known of it. */
  follow(session) {
    const name = session?.name ?? null;
    const startedT = session?.summary.started_t ?? null;
    if (name === (this.#followed?.name ?? null) && startedT === (this.#followed?.startedT ?? null)) {
      return;
    }
    clearTimeout(this.#timer);
    this.#byId = new Map();
    this.#lastId = 0;
    this.all = [];
    this.#followed = session ? { name, startedT } : null;
    if (session) this.#poll(this.#followed);
  }

  /** Throws a Problem. */
  async add(text, t) {
    const followed = this.#followed;
    const body = JSON.stringify({ text, t });
    const headers = { "Content-Type": "application/json" };
    const path = sessionPath(followed.name, "/marks");
    const answer = await ask(path, { method: "POST", body, headers });
    // Whether all before it are known is not known: it does not count as the last one.
    if (followed === this.#followed) this.#take([await answer.json()]);
  }

  async #poll(followed) {
    if (!document.hidden) await this.#load(followed);
    if (followed !== this.#followed || !this.isOffered) return;
    this.#timer = setTimeout(() => this.#poll(followed), POLL_MS);
  }

  /** Only those behind the last one: ids go up, and marks never change. */
  async #load(followed) {
    try {
      const found = await getJson(sessionPath(followed.name, `/marks?after=${this.#lastId}`));
      if (followed !== this.#followed || !found.length) return;
      this.#lastId = found.at(-1).id;
      this.#take(found);
    } catch (problem) {
      if (problem.status === 404 && problem.kind !== "unknown-session") this.isOffered = false;
    }
  }

  #take(found) {
    for (const mark of found) this.#byId.set(mark.id, mark);
    this.all = [...this.#byId.values()].sort((a, b) => a.t - b.t);
    this.onChange();
  }
}
