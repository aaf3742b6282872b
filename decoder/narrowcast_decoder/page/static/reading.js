// What is to be said of a session now: its value, how old that is, and why there is none. Pure.

import { NO_FACE, OK, STATUSES } from "./series.js";
import { duration } from "./format.js";

export const FRESH_S = 2; // a reading older than this is called stale

/** The reading at time `t`: {valence, sigma, t, ageS, isFresh, status of the frame shown then}. */
export function readingAt(series, t) {
  let at = series.firstAt(t);
  if (at === series.length || series.t[at] > t) at -= 1;
  const read = series.lastRead(at);
  if (read < 0) return { index: -1, isFresh: false, status: series.status[at], ageS: NaN };
  const ageS = t - series.t[read];
  return {
    index: read,
    valence: series.valence[read],
    sigma: series.sigma[read],
    ageS,
    isFresh: ageS <= FRESH_S && series.status[at] !== NO_FACE,
    status: series.status[at],
  };
}

/** In words why the value is not of now; empty where it is. */
export function whyOld(reading) {
  if (reading.index < 0) return reading.status === NO_FACE ? "no face" : "nothing read yet";
  if (reading.isFresh) return "";
  if (reading.status === NO_FACE) return "no face";
  const last = reading.status === OK ? "" : `, ${STATUSES[reading.status].replace("_", " ")} since`;
  return `stale: read ${duration(reading.ageS)} ago${last}`;
}
