// What time it is on the encoder's clock, by the samples that came so far. Pure.
//
// A sample captured at t that arrives at `now` says that the encoder's clock shows t or more. The
// least difference of the last half minute is that of the quickest sample: the newest moment that
// can have been seen.

const BUCKET_S = 15;

export class LiveEdge {
  #bucket = 0;
  #least = Infinity;
  #before = Infinity;

  /** A sample captured at `t` (s) came at `nowS`, of any clock that runs evenly. */
  note(t, nowS) {
    const bucket = Math.floor(nowS / BUCKET_S);
    if (bucket !== this.#bucket) {
      this.#before = bucket === this.#bucket + 1 ? this.#least : Infinity;
      this.#least = Infinity;
      this.#bucket = bucket;
    }
    this.#least = Math.min(this.#least, nowS - t);
  }

  /** The newest moment, never before `lastT`, that of the newest sample; NaN without any. */
  at(nowS, lastT) {
    const least = Math.min(this.#least, this.#before);
    return least === Infinity ? lastT : Math.max(nowS - least, lastT);
  }
}
