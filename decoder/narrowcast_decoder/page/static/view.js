// Which part of the time axis is looked at: the newest `spanS` seconds, or some before. Pure.

export const SPANS_S = [15, 30, 60, 120, 300, 900, 3600];
export const DEFAULT_SPAN_S = 60;

export class View {
  constructor(spanS = DEFAULT_SPAN_S) {
    this.spanS = spanS;
    this.endT = null; // null: it follows the stream
  }

  get isLive() {
    return this.endT === null;
  }

  /** The window [from, to] in s, where the newest moment is `edgeT`. */
  window(edgeT) {
    const to = this.endT ?? edgeT;
    return [to - this.spanS, to];
  }

  /** Move by seconds, back in time where negative; at the edge it follows the stream again. */
  pan(seconds, edgeT, earliestT) {
    this.goTo((this.endT ?? edgeT) + seconds, edgeT, earliestT);
  }

  goTo(endT, edgeT, earliestT) {
    const least = Math.min(edgeT, earliestT + this.spanS);
    const to = Math.max(endT, least);
    this.endT = to >= edgeT ? null : to;
  }

  goLive() {
    this.endT = null;
  }

  /** The next longer span with 1, the next shorter one with -1. */
  zoom(direction) {
    const at = SPANS_S.indexOf(this.spanS) + direction;
    this.spanS = SPANS_S[Math.min(Math.max(at, 0), SPANS_S.length - 1)];
  }
}
