// One session as the page knows it: its summary, the samples held of it, and who follows it.

import {
  Follower, CONNECTING, ENDED, FOLLOWING, REFUSED, STOPPED, UNKNOWN, WAITING,
} from "./follower.js";
import { Held } from "./held.js";
import { LiveEdge } from "./live_edge.js";

const FAR_BEHIND = 20_000; // samples missed: begin anew rather than be told them one by one
const CUT_OFF_S = 300; // time goes on without its encoder for so long
const QUIET_S = 3; // without a sample from a live session
const STALLED_S = 8; // without a sample that the decoder has: the connection is dead
const MOST_PENDING = 2000; // nobody draws while the page is hidden

const nowS = () => performance.now() / 1000;

export class Session {
  #loading = false;
  #isWanted = false; // whether somebody looks
  #edge = new LiveEdge();
  #listed = { id: 0, s: nowS() }; // a sample that the decoder had then

  constructor(summary) {
    this.name = summary.session;
    this.summary = summary;
    this.held = new Held(this.name);
    this.version = 0; // counts what there is to be drawn anew
    this.problem = null;
    this.arrivedS = nowS();
    this.follower = new Follower(
      this.name,
      (sample) => this.#arrived(sample),
      () => this.changed(),
    );
  }

  get series() {
    return this.held.series;
  }

  get isLive() {
    return this.summary.state === "live";
  }

  /** Whether its face may be seen now. */
  get isPreviewed() {
    return this.summary.preview === true;
  }

  /** One word, or two: how things stand. */
  get condition() {
    if (this.follower.state === UNKNOWN) return "gone";
    if (this.follower.state === REFUSED) return "token refused";
    if (this.follower.state === WAITING) return "reconnecting";
    if (!this.series.length && this.problem) return "not loaded";
    if (this.summary.state !== "live") return this.summary.state;
    if (!this.series.length && this.follower.state !== FOLLOWING) return "loading";
    return nowS() - this.arrivedS > QUIET_S ? "silent" : "live";
  }

  get isOver() {
    return this.summary.state === "ended" || this.follower.state === UNKNOWN;
  }

  /** Newest moment on the encoder's clock, s. */
  get edgeT() {
    return this.isMoving ? this.#edge.at(nowS(), this.series.lastT) : this.series.lastT;
  }

  /** Whether its time goes on: also for a while after its encoder was cut off. */
  get isMoving() {
    const isCutOff = this.summary.state === "interrupted" && nowS() - this.arrivedS < CUT_OFF_S;
    return (this.isLive || isCutOff) && this.follower.state !== UNKNOWN;
  }

  get earliestT() {
    const firstT = this.summary.first_t ?? Infinity;
    return this.series.length ? Math.min(this.series.firstT, firstT) : firstT;
  }

  changed() {
    this.version += 1;
  }

  /** A newer summary. Where more is to be read than the follower brings, it is stopped: whoever
   *  looks opens the session again. */
  update(summary) {
    if (summary.started_t !== this.summary.started_t) this.#startAnew();
    if (summary.state !== this.summary.state) this.changed();
    this.summary = summary;
    if (this.#isLeftBehind()) this.follower.stop();
  }

  /** Load the newest samples, then follow; again and again, where the loading fails. */
  async open() {
    this.#isWanted = true;
    if (this.#loading || this.follower.state !== STOPPED) return;
    const missed = this.summary.last_id - this.follower.lastId;
    if (this.series.length && missed < FAR_BEHIND) this.#follow(this.follower.lastId);
    else await this.#whileLoading(() => this.#openAnew());
  }

  close() {
    this.#isWanted = false;
    this.follower.stop();
  }

  /** Read what is stored of a window [from, to] and around it. Throws a Problem. */
  async load(window) {
    if (this.#loading) return;
    await this.#whileLoading(() => this.held.load(window, this.summary.first_t));
  }

  /** Bring what has come into the series. */
  takeIn() {
    if (!this.held.pending) return;
    if (this.held.takeIn()) this.#edge = new LiveEdge();
    this.changed();
  }

  async #whileLoading(load) {
    this.#loading = true;
    try {
      await load();
    } finally {
      this.#loading = false;
      this.changed();
    }
  }

  async #openAnew() {
    try {
      const lastId = await this.held.loadTail(this.summary);
      this.problem = null;
      if (lastId === null) return;
      this.follower.lastId = lastId;
      if (this.#isWanted) this.#follow(lastId);
    } catch (problem) {
      this.problem = problem;
    }
  }

  #follow(lastId) {
    this.#listed = { id: lastId, s: nowS() };
    this.follower.start(lastId);
  }

  /** Whether the decoder has samples that this follower will not bring, or not soon. */
  #isLeftBehind() {
    const { state, lastId } = this.follower;
    const missed = this.summary.last_id - lastId;
    if (state === ENDED) return this.isLive || missed > 0;
    if (state === REFUSED || state === UNKNOWN) return true; // and yet the decoder lists it
    if (missed >= FAR_BEHIND) return true; // the machine slept, or was cut off for long
    return (state === FOLLOWING || state === CONNECTING) && this.#isStalled(lastId);
  }

  #isStalled(lastId) {
    if (lastId >= this.#listed.id) this.#listed = { id: this.summary.last_id, s: nowS() };
    const { id, s } = this.#listed;
    return lastId < id && nowS() - Math.max(s, this.arrivedS) > STALLED_S;
  }

  /** It was deleted, and its name is used again. */
  #startAnew() {
    this.follower.stop();
    this.follower.lastId = 0;
    this.#edge = new LiveEdge();
    this.held.clear();
    this.changed();
  }

  #arrived(sample) {
    this.arrivedS = nowS();
    this.#edge.note(sample.t, this.arrivedS);
    this.held.push(sample);
    if (this.held.pending > MOST_PENDING) this.takeIn();
  }
}
