// The marks of the session that is looked at: asked for now and then, and added.

import { ask, getJson, sessionPath } from "./api.js";

const POLL_MS = 2000;

export class Marks {
  #timer = 0;
  #session = null;

  constructor() {
    this.all = [];
    this.isOffered = true; // whether this decoder keeps marks
  }

  follow(session) {
    clearTimeout(this.#timer);
    this.#session = session;
    this.all = [];
    if (session) this.#poll(session);
  }

  /** Throws a Problem. */
  async add(text, t) {
    const session = this.#session;
    const body = JSON.stringify({ text, t });
    const headers = { "Content-Type": "application/json" };
    await ask(sessionPath(session, "/marks"), { method: "POST", body, headers });
    if (session === this.#session) await this.#load(session);
  }

  async #poll(session) {
    if (!document.hidden) await this.#load(session);
    if (session !== this.#session || !this.isOffered) return;
    this.#timer = setTimeout(() => this.#poll(session), POLL_MS);
  }

  async #load(session) {
    try {
      const found = await getJson(sessionPath(session, "/marks"));
      if (session !== this.#session) return;
      this.all = found.toSorted((a, b) => a.t - b.t);
    } catch (problem) {
      if (problem.status === 404 && problem.kind !== "unknown-session") this.isOffered = false;
    }
  }
}
