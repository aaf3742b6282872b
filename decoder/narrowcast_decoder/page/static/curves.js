// What of a series is drawn in a window of time: x and y of each curve, as uPlot wants them, null
// where a curve breaks. Pure.

import { LOST, NO_FACE, OK } from "./series.js";

export const GAP_S = 2; // two readings further apart than this are not joined
const FPS_WINDOW_S = 2;

/** Indices [from, to) of what a window shows, and as much before it as lines may lead from. */
export function shown(series, fromT, toT) {
  const to = series.firstAt(toT);
  return [series.firstAt(fromT - GAP_S), Math.min(to + 1, series.length)];
}

/** Indices of the frames that were read, and -1 wherever the curve breaks: it goes on over
 *  frames that were skipped on purpose, and over nothing else that is missing. */
function* readings(series, [from, to]) {
  let lastT = NaN;
  let broken = false;
  for (let i = from; i < to; i++) {
    const status = series.status[i];
    if (status === NO_FACE || status === LOST) broken = true;
    if (status !== OK) continue;
    if (broken || series.t[i] - lastT > GAP_S) yield -1;
    yield i;
    lastT = series.t[i];
    broken = false;
  }
}

/** The curves of columns: [x, y, y, ...] of `value(series, index)` each. */
function curvesOf(series, range, values) {
  const data = [[], ...values.map(() => [])];
  let lastT = series.length ? series.t[range[0]] : 0;
  for (const i of readings(series, range)) {
    data[0].push(i < 0 ? lastT : series.t[i]);
    values.forEach((value, k) => data[k + 1].push(i < 0 ? null : value(series, i)));
    if (i >= 0) lastT = series.t[i];
  }
  return data;
}

const column = (name) => (series, i) => orNull(series[name][i]);

/** [t, valence, valence + sigma, valence - sigma]. */
export function valenceCurves(series, range) {
  return curvesOf(series, range, [
    column("valence"),
    (s, i) => s.valence[i] + s.sigma[i],
    (s, i) => s.valence[i] - s.sigma[i],
  ]);
}

export const pxCurve = (series, range) => curvesOf(series, range, [column("px")]);
export const qpCurve = (series, range) => curvesOf(series, range, [column("qp")]);
export const latencyCurve = (series, range) => curvesOf(series, range, [column("latency_ms")]);

/** [t, wire rate, cap] in bit/s, of every frame for which they are known. */
export function rateCurves(series, [from, to]) {
  const data = [[], [], []];
  for (let i = from; i < to; i++) {
    const wire = series.wire_bps[i];
    const cap = series.cap_bps[i];
    if (Number.isNaN(wire) && Number.isNaN(cap)) continue;
    add(data, series.t[i], orNull(wire), orNull(cap));
  }
  return data;
}

/** Frames that were read in the 2 s before sample `index`, a second. */
export function fpsAt(series, index) {
  return fpsCurve(series, [index, index + 1])[1][0];
}

/** [t, frames that were read in the 2 s before it, a second], at every frame. */
export function fpsCurve(series, [from, to]) {
  const data = [[], []];
  let read = 0;
  let oldest = series.firstAt((series.t[from] ?? 0) - FPS_WINDOW_S);
  for (let i = oldest; i < to; i++) {
    if (series.status[i] === OK) read += 1;
    while (series.t[oldest] <= series.t[i] - FPS_WINDOW_S) {
      if (series.status[oldest] === OK) read -= 1;
      oldest += 1;
    }
    if (i < from) continue;
    add(data, series.t[i], read / FPS_WINDOW_S);
  }
  return data;
}

/** Add a point, behind a break where the last one is far away. */
function add(data, t, ...ys) {
  const lastT = data[0].at(-1);
  if (t - lastT > GAP_S) {
    data[0].push(lastT);
    ys.forEach((_, k) => data[k + 1].push(null));
  }
  data[0].push(t);
  ys.forEach((y, k) => data[k + 1].push(y));
}

/** Indices of points of a curve that no line leads to or from. */
export function lonely(ys) {
  const found = [];
  for (let i = 0; i < ys.length; i++) {
    if (ys[i] !== null && (ys[i - 1] ?? null) === null && (ys[i + 1] ?? null) === null) {
      found.push(i);
    }
  }
  return found;
}

function orNull(value) {
  return Number.isNaN(value) ? null : value;
}
