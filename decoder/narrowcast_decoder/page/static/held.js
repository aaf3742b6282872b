// The samples of one session that are held here: the newest ones, and where somebody looks at
// those, some of long ago.

import { storedSamples } from "./history.js";
import { MOST_SAMPLES, Series } from "./series.js";

const TAIL_S = 90; // of the past, read before a session is followed
const CARD_SAMPLES = 8192; // held of a session that is not looked at alone
const NEAR_S = 1200; // what lies further back is not joined to what is held
const MOST_AROUND_S = 900; // read beside a window on either side
const MOST_JOINED = 0.75 * MOST_SAMPLES; // of a series that older samples may still be joined to

export class Held {
  #pending = [];
  #reading = null; // a past that is not complete yet
  #generation = 0; // counts how often it was begun anew

  constructor(session) {
    this.session = session;
    this.series = new Series();
    this.past = null; // samples of long ago that are looked at
    this.isWide = false; // everything that was ever looked at is kept
  }

  /** The samples that show a window [from, to]: the newest ones, or those of long ago. */
  seriesFor([fromT, toT]) {
    const { past, series } = this;
    if (!past || series.coveredFromT <= fromT) return series;
    return fromT >= past.coveredFromT && toT <= past.coveredToT ? past : series;
  }

  holds(window) {
    return this.seriesFor(window).coveredFromT <= window[0];
  }

  /** How many samples have come that are not in the series yet. */
  get pending() {
    return this.#pending.length;
  }

  push(sample) {
    this.#pending.push(sample);
  }

  /** Bring what has come into the series. Returns whether the encoder's clock was set back. */
  takeIn() {
    const come = this.#pending;
    this.#pending = [];
    this.series.merge(come);
    for (const past of [this.past, this.#reading]) {
      past?.merge(come.filter(({ t }) => t >= past.coveredFromT && t < past.coveredToT));
    }
    const isSetBack = this.series.dropFuture();
    if (!this.isWide && this.series.length > CARD_SAMPLES) this.series.keepLast(CARD_SAMPLES / 2);
    return isSetBack;
  }

  /** It is not looked at alone any more. */
  narrow() {
    this.isWide = false;
    this.past = null;
    this.#reading = null;
    this.series.keepLast(CARD_SAMPLES / 2);
  }

  /** Forget everything: what is being read is of no use any more. */
  clear() {
    this.#generation += 1;
    this.#pending = [];
    this.#reading = null;
    this.past = null;
    this.series.clear();
  }

  /** Read the newest samples in place of what is held. Returns the id to follow them from, null
   *  where they were of no use when they came. */
  async loadTail({ first_id: firstId, last_id: lastListed, first_t: firstT, last_t: lastT, state }) {
    const generation = this.#generation;
    const fromT = (lastT ?? 0) - TAIL_S;
    const found = [];
    for await (const page of storedSamples(this.session, fromT)) found.push(...page);
    if (generation !== this.#generation) return null;
    this.clear();
    this.series.coveredFromT = reaching(fromT, firstT);
    this.series.merge(found);
    if (state !== "ended") this.series.dropFuture();
    return found.at(-1)?.id ?? Math.max(lastListed, firstId - 1, 0);
  }

  /** Read what is stored of a window and around it. firstT: where the whole series begins. */
  async load([fromT, toT], firstT) {
    const aroundS = Math.min(2 * (toT - fromT), MOST_AROUND_S);
    const { coveredFromT, length } = this.series;
    const isNear = Math.max(fromT + NEAR_S, toT) > coveredFromT && length < MOST_JOINED;
    if (isNear && (await this.#joinBefore(fromT - aroundS, firstT))) return;
    await this.#loadPast(fromT - aroundS, toT + aroundS, firstT);
  }

  /** Returns whether it fitted. */
  async #joinBefore(fromT, firstT) {
    const { series } = this;
    const generation = this.#generation;
    const toT = series.coveredFromT;
    const older = [];
    for await (const page of storedSamples(this.session, fromT, toT)) {
      older.push(...page);
      if (series.length + older.length > MOST_SAMPLES) return false;
    }
    // Else it was begun anew, or cut off at another place: there would be a hole between.
    if (generation !== this.#generation || toT !== series.coveredFromT) return true;
    series.coveredFromT = reaching(fromT, firstT);
    series.merge(older);
    return true;
  }

  async #loadPast(fromT, toT, firstT) {
    const past = new Series();
    past.coveredFromT = reaching(fromT, firstT);
    past.coveredToT = toT;
    this.#reading = past; // what comes meanwhile is taken in there too
    for await (const page of storedSamples(this.session, fromT, toT)) past.merge(page);
    if (this.#reading !== past) return;
    this.#reading = null;
    this.past = past;
  }
}

/** What is held from `fromT` on is all there is where the series begins later. */
function reaching(fromT, firstT) {
  return firstT === null || fromT <= firstT ? -Infinity : fromT;
}
