// What the session that is looked at shows now, as numbers: what the charts were given last.

import { STATUSES } from "./series.js";

/** {session, condition, window, samples: [{id, t, status}], curve: [{t, valence, sigma}], strip, step,
 *  marks}; null where nothing is drawn, or something newer is about to be. */
export function drawn({ session, view, panels, isUpToDate }) {
  if (!session || !isUpToDate || !panels?.valence.data) return null;
  const { min, max } = panels.valence.plot.scales.x;
  const series = session.held.seriesFor([min, max]);
  const samples = [];
  for (let i = series.firstAt(min); i < series.length && series.t[i] <= max; i++) {
    samples.push({ id: series.id[i], t: series.t[i], status: STATUSES[series.status[i]] });
  }
  const [ts, mid, high] = panels.valence.data;
  const curve = [];
  ts.forEach((t, k) => {
    if (mid[k] !== null) curve.push({ t, valence: mid[k], sigma: high[k] - mid[k] });
  });
  const strip = panels.strip.bins.map(({ t, counts, late }) => ({ t, counts, late }));
  const marks = panels.marks.map(({ t, text }) => ({ t, text }));
  const { name, condition } = session;
  const { step } = panels.strip;
  const { isLive } = view;
  const window = [min, max];
  return { session: name, condition, isLive, window, samples, curve, strip, step, marks };
}
