// The strip of statuses under a curve: what became of the frames of each moment, as shares. Pure.

import { STATUSES } from "./series.js";

export const LATE_MS = 1000; // a sample that came later than this after its frame is late

/** Bins of `step` s that cover a window: {t, counts of each status, late, total}. They stand at
 *  multiples of the step, so that the strip moves and does not flicker. */
export function bins(series, fromT, toT, step) {
  const first = Math.floor(fromT / step);
  const count = Math.max(0, Math.ceil(toT / step) - first);
  const found = Array.from({ length: count }, (_, k) => empty((first + k) * step));
  for (let i = series.firstAt(first * step); i < series.length; i++) {
    const bin = found[Math.floor(series.t[i] / step) - first];
    if (!bin) break;
    bin.counts[series.status[i]] += 1;
    bin.total += 1;
    if (series.latency_ms[i] > LATE_MS) bin.late += 1;
  }
  return found;
}

/** The same of a whole window. */
export function tally(series, fromT, toT) {
  const all = empty(fromT);
  for (let i = series.firstAt(fromT); i < series.length && series.t[i] < toT; i++) {
    all.counts[series.status[i]] += 1;
    all.total += 1;
    if (series.latency_ms[i] > LATE_MS) all.late += 1;
  }
  return all;
}

/** A step that is at least `pixels` wide, of those that divide time well. */
export function stepFor(spanS, width, pixels) {
  const least = (spanS / Math.max(width, 1)) * pixels;
  return STEPS_S.find((step) => step >= least) ?? STEPS_S.at(-1);
}

const STEPS_S = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300];

function empty(t) {
  return { t, counts: STATUSES.map(() => 0), late: 0, total: 0 };
}
