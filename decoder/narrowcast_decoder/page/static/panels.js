// The panels of a session that is looked at alone: what each draws, on one axis of time.

import { Chart, GUTTER, MARGIN } from "./chart.js";
import {
  fpsAt, fpsCurve, latencyCurve, pxCurve, qpCurve, rateCurves, shown, valenceCurves,
} from "./curves.js";
import { element, setText } from "./dom.js";
import { kbits, milliseconds, percent, plain, roundUp, signed } from "./format.js";
import { drawMarks } from "./mark_lines.js";
import { StripCanvas } from "./strip_canvas.js";
import { tally } from "./strip.js";

const narrow = matchMedia("(max-width: 640px)");
const LEAST_MS = 4; // at the foot of the latency's axis
const thin = { stroke: "minor" };

const PANELS = [
  {
    key: "valence",
    title: "valence, ±1 standard deviation",
    height: () => (narrow.matches ? 170 : 216),
    curves: [{ stroke: "curve", width: 2 }, {}, {}],
    band: [2, 3],
    zero: true,
    splits: () => [-1, -0.5, 0, 0.5, 1],
    data: valenceCurves,
    range: () => [-1, 1],
    reading: (s, at) => at.read < 0 ? "" : `${signed(s.valence[at.read])} ± ${plain(s.sigma[at.read], 2)}`,
  },
  {
    key: "rate",
    title: "wire rate and cap, kbit/s",
    curves: [{ ...thin, fill: "minor-fill" }, { stroke: "cap", dash: [5, 4], stepped: true }],
    data: (s, range) => scaled(rateCurves(s, range), 1e-3),
    range: upTo(1),
    reading: (s, at) => at.any < 0 ? "" : ofCap(s.wire_bps[at.any], s.cap_bps[at.any]),
  },
  {
    key: "px",
    title: "chip side, px",
    curves: [{ ...thin, stepped: true }],
    splits: () => [0, 48, 96],
    data: pxCurve,
    range: () => [0, 96],
    reading: (s, at) => at.read < 0 ? "" : `${plain(s.px[at.read])} px`,
  },
  {
    key: "qp",
    title: "QP",
    curves: [{ ...thin, stepped: true }],
    splits: () => [0, 25, 50],
    data: qpCurve,
    range: () => [0, 51],
    reading: (s, at) => at.read < 0 ? "" : plain(s.qp[at.read]),
  },
  {
    key: "fps",
    title: "frames read a second",
    curves: [{ ...thin, fill: "minor-fill" }],
    data: fpsCurve,
    range: upTo(5),
    reading: (s, at) => at.any < 0 ? "" : `${plain(fpsAt(s, at.any), 1)} /s`,
  },
  {
    key: "latency",
    title: "latency",
    curves: [thin],
    isLog: true, // of milliseconds on a good line, of half a minute after an outage
    splits: (low, high) => (high > 1000 ? [10, 1000, 100_000] : [10, 100, 1000]),
    label: (ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`),
    data: latencyCurve,
    range: (data) => [LEAST_MS, 10 ** Math.ceil(Math.log10(largest(data, 1000)))],
    reading: (s, at) => at.read < 0 ? "" : milliseconds(s.latency_ms[at.read]),
    timeAxis: true,
  },
];

const STATUS_WORDS = [["ok", "read"], ["skipped", "skipped"], ["no-face", "no face"], ["lost", "lost"]];
const STATUS_NUMBERS = [0, 2, 1, 3];

export class Panels {
  #readings = new Map();
  #charts = new Map();
  #shares = new Map();

  constructor(parent, onCursor) {
    this.parent = parent;
    this.marks = [];
    for (const panel of PANELS) {
      this.#add(panel, onCursor);
      if (panel.key === "valence") this.#addStrip();
    }
    narrow.addEventListener("change", () => this.#resize());
  }

  /** Width of the plots, px: what a drag over them goes by. */
  get plotWidth() {
    return Math.max(this.valence.plot.width - GUTTER - MARGIN, 1);
  }

  get valence() {
    return this.#charts.get("valence");
  }

  /** Draw what the window [from, to] shows. */
  draw(series, window, marks) {
    this.marks = marks;
    const range = shown(series, ...window);
    for (const panel of PANELS) {
      const data = panel.data(series, range);
      this.#charts.get(panel.key).draw(data, window, panel.range(data));
    }
    this.strip.draw(series, window);
  }

  /** Write the values at time `atT`, and the shares of the window. */
  write(series, window, atT) {
    const at = indicesAt(series, atT);
    for (const { key, reading } of PANELS) setText(this.#readings.get(key), reading(series, at));
    this.#tell(tally(series, ...window));
  }

  #add(panel, onCursor) {
    const reading = element("span", { class: "reading" });
    const caption = element("figcaption", {}, element("span", {}, panel.title), reading);
    const plot = element("div", { class: "plot" });
    this.parent.append(element("figure", { class: `panel ${panel.key}` }, caption, plot));
    this.#readings.set(panel.key, reading);
    const onDraw = (u) => drawMarks(u, this.marks, panel.key === "valence");
    const height = heightOf(panel);
    this.#charts.set(panel.key, new Chart(plot, { ...panel, height, onDraw, onCursor }));
  }

  #addStrip() {
    const canvas = element("canvas", { class: "strip", "aria-hidden": "true" });
    const caption = element("figcaption", {}, element("span", {}, "frames"));
    const legend = element("ul", { class: "legend", "aria-label": "Frames in view" });
    for (const [name, word] of [...STATUS_WORDS, ["late", "over 1 s late"]]) {
      const share = element("span", { class: "share" });
      legend.append(element("li", {}, element("i", { class: name }), `${word} `, share));
      this.#shares.set(name, share);
    }
    caption.append(legend);
    this.parent.append(element("figure", { class: "panel strips" }, caption, canvas));
    this.strip = new StripCanvas(canvas, GUTTER, MARGIN);
  }

  #tell(all) {
    STATUS_WORDS.forEach(([name], k) => {
      setText(this.#shares.get(name), percent(all.counts[STATUS_NUMBERS[k]], all.total));
    });
    setText(this.#shares.get("late"), percent(all.late, all.total));
  }

  #resize() {
    for (const panel of PANELS) this.#charts.get(panel.key).resize(heightOf(panel));
  }
}

function heightOf(panel) {
  const height = panel.height?.() ?? (narrow.matches ? 56 : 60);
  return panel.timeAxis ? height + 20 : height;
}

/** Indices of the last sample, and of the last one read, at time `t`; -1 where there is none. */
function indicesAt(series, t) {
  let any = series.firstAt(t);
  if (any === series.length || series.t[any] > t) any -= 1;
  return { any, read: series.lastRead(any) };
}

function ofCap(wire, cap) {
  return Number.isFinite(cap) ? `${kbits(wire)} of ${kbits(cap)}` : kbits(wire);
}

function scaled([t, ...curves], factor) {
  return [t, ...curves.map((ys) => ys.map((y) => (y === null ? null : y * factor)))];
}

function upTo(least) {
  return (data) => [0, roundUp(largest(data, least))];
}

function largest([, ...curves], least) {
  let most = least;
  for (const ys of curves) for (const y of ys) if (y > most) most = y;
  return most;
}
