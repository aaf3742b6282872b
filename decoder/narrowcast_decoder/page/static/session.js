// One session as the page knows it: its summary, the samples held of it, and who follows it.

import { Follower, ENDED, REFUSED, STOPPED, UNKNOWN, WAITING } from "./follower.js";
import { storedSamples } from "./history.js";
import { LiveEdge } from "./live_edge.js";
import { Series } from "./series.js";

export const TAIL_S = 90; // of the past, read before a session is followed
const CARD_SAMPLES = 8192; // held of a session that is not looked at alone
const FAR_BEHIND = 20_000; // samples missed: begin anew rather than be told them one by one
const NEAR_S = 1200; // what lies further back is not joined to what is held
const CUT_OFF_S = 300; // time goes on without its encoder for so long
const QUIET_S = 3; // without a sample from a live session

const nowS = () => performance.now() / 1000;

export class Session {
  #pending = [];
  #loading = false;
  #edge = new LiveEdge();

  constructor(summary) {
    this.name = summary.session;
    this.summary = summary;
    this.series = new Series();
    this.version = 0; // counts what there is to be drawn anew
    this.isWide = false; // everything that was ever looked at is kept
    this.past = null; // samples of long ago that are looked at
    this.problem = null;
    this.arrivedS = nowS();
    this.follower = new Follower(
      this.name,
      (sample) => this.#arrived(sample),
      () => this.changed(),
    );
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
    if (this.summary.state !== "live") return this.summary.state;
    if (!this.series.length) return this.problem ? "not loaded" : "loading";
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

  /** A newer summary. */
  update(summary) {
    if (summary.started_t !== this.summary.started_t) this.#startAnew();
    if (summary.state !== this.summary.state) this.changed();
    const resumed = summary.state === "live" && [ENDED, UNKNOWN].includes(this.follower.state);
    this.summary = summary;
    if (resumed) this.follower.start(this.follower.lastId);
  }

  /** Load the newest samples, then follow; again and again, where the loading fails. */
  async open() {
    if (this.#loading || this.follower.state !== STOPPED) return;
    const missed = this.summary.last_id - this.follower.lastId;
    if (this.series.length && missed < FAR_BEHIND) {
      this.follower.start(this.follower.lastId);
      return;
    }
    this.#loading = true;
    try {
      await this.#loadTail();
      this.problem = null;
      this.follower.start(this.follower.lastId);
    } catch (problem) {
      this.problem = problem;
    } finally {
      this.#loading = false;
      this.changed();
    }
  }

  close() {
    this.follower.stop();
  }

  /** The samples that show a window [from, to]: the newest ones, or those of long ago. */
  seriesFor([fromT, toT]) {
    const { past } = this;
    const isPast = past && fromT >= past.coveredFromT && toT <= past.coveredToT;
    return isPast ? past : this.series;
  }

  holds(window) {
    return this.seriesFor(window).coveredFromT <= window[0];
  }

  /** Read what is stored of a window and around it. */
  async load([fromT, toT]) {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const aroundS = 2 * (toT - fromT);
      const isNear = this.series.coveredFromT - fromT < NEAR_S && !this.series.isFull;
      if (isNear) await this.#loadBefore(fromT - aroundS);
      else await this.#loadPast(fromT - aroundS, toT + aroundS);
    } finally {
      this.#loading = false;
      this.changed();
    }
  }

  async #loadBefore(fromT) {
    const { series } = this;
    const older = [];
    for await (const page of storedSamples(this.name, fromT, series.coveredFromT)) older.push(...page);
    series.coveredFromT = reaching(fromT, this.summary.first_t);
    series.merge(older);
  }

  async #loadPast(fromT, toT) {
    const past = new Series();
    for await (const page of storedSamples(this.name, fromT, toT)) past.merge(page);
    past.coveredFromT = reaching(fromT, this.summary.first_t);
    past.coveredToT = toT;
    this.past = past;
  }

  /** Bring what has come into the series. */
  takeIn() {
    if (!this.#pending.length) return;
    this.series.merge(this.#pending);
    this.#pending = [];
    if (!this.isWide && this.series.length > CARD_SAMPLES) this.series.keepLast(CARD_SAMPLES / 2);
    this.changed();
  }

  /** It was deleted, and its name is used again. */
  #startAnew() {
    this.follower.stop();
    this.follower.lastId = 0;
    this.past = null;
    this.series.clear();
    this.#pending = [];
  }

  async #loadTail() {
    this.series.clear();
    this.#pending = [];
    const fromT = (this.summary.last_t ?? 0) - TAIL_S;
    let lastId = Math.max(0, this.summary.first_id - 1);
    for await (const page of storedSamples(this.name, fromT)) {
      this.series.merge(page);
      lastId = Math.max(lastId, page.at(-1)?.id ?? 0);
    }
    this.series.coveredFromT = reaching(fromT, this.summary.first_t);
    this.follower.lastId = this.series.length ? lastId : this.summary.last_id;
  }

  #arrived(sample) {
    this.arrivedS = nowS();
    this.#edge.note(sample.t, this.arrivedS);
    this.#pending.push(sample);
    if (this.#pending.length > 2000) this.takeIn(); // nobody draws while the page is hidden
  }
}

/** What is held from `fromT` on is all there is where the series begins later. */
function reaching(fromT, firstT) {
  return firstT === null || fromT <= firstT ? -Infinity : fromT;
}
