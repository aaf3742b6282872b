// One session followed over a WebSocket: each sample once, none left out, for as long as it lasts.
// A connection that breaks is made again, and goes on behind the last id.

import { sessionPath, webSocketUrl } from "./api.js";
import { pauseS } from "./backoff.js";
import { subprotocols } from "./token.js";

export const CONNECTING = "connecting";
export const FOLLOWING = "following";
export const WAITING = "waiting"; // for the next try
export const ENDED = "ended";
export const UNKNOWN = "unknown";
export const REFUSED = "refused";
export const STOPPED = "stopped";

// As narrowcast_shared/close_codes.py has them.
const LAST_WORDS = new Map([[1000, ENDED], [4401, REFUSED], [4404, UNKNOWN]]);

export class Follower {
  #socket = null;
  #timer = 0;
  #failures = 0;

  /** onSample(sample) hears each sample, onState(state) each change. */
  constructor(session, onSample, onState) {
    this.session = session;
    this.lastId = 0;
    this.state = STOPPED;
    this.onSample = onSample;
    this.onState = onState;
  }

  get isActive() {
    return [CONNECTING, FOLLOWING, WAITING].includes(this.state);
  }

  start(afterId) {
    this.lastId = afterId;
    this.#failures = 0;
    this.#connect();
  }

  stop() {
    this.#leave();
    this.#change(STOPPED);
  }

  /** The decoder answers again: do not wait any longer. */
  hurry() {
    if (this.state === WAITING) this.#connect();
  }

  #connect() {
    this.#leave();
    this.#change(CONNECTING);
    const path = sessionPath(this.session, `/subscribe?from=${this.lastId + 1}`);
    const socket = new WebSocket(webSocketUrl(path), subprotocols());
    this.#socket = socket;
    socket.onopen = () => this.#change(FOLLOWING);
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  #take(sample) {
    this.#failures = 0;
    if (sample.id <= this.lastId) return;
    this.lastId = sample.id;
    this.onSample(sample);
  }

  #closed(code) {
    this.#leave();
    const lastWord = LAST_WORDS.get(code);
    if (lastWord) {
      this.#change(lastWord);
      return;
    }
    this.#failures += 1;
    this.#change(WAITING);
    const pauseMs = 1000 * pauseS(this.#failures, Math.random());
    this.#timer = setTimeout(() => this.#connect(), pauseMs);
  }

  #leave() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // One that is broken off before it is open is an error on the browser's console.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  #change(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
