// One chart: uPlot with our axes, told anew what to draw and for which window of time.

import { lonely } from "./curves.js";
import { clock } from "./format.js";
import { colours } from "./theme.js";

export const GUTTER = 46; // px left of a plot with axes
export const MARGIN = 12; // and right of it

const FONT = "11px system-ui, sans-serif";
const CURSORS = "narrowcast";
const nothing = () => null;

/** curves: [{stroke, width, dash, fill, stepped}], colours by name. band: [upper, lower] of them.
 *  zero: whether it has a line at 0. isLog: of y. splits(low, high): where y has
 *  labels, which label(y) gives. axes: whether it has any; timeAxis: whether times are written under it; onDraw(uPlot);
 *  onCursor(t in s, or null). */
export class Chart {
  constructor(parent, { curves, band, height, axes = true, timeAxis = false, zero = false, isLog = false, splits = halves, label = withMinus, onDraw, onCursor }) {
    this.parent = parent;
    this.height = height;
    this.data = null; // what was drawn last
    const width = Math.max(parent.clientWidth, 50);
    this.plot = new window.uPlot({
      width,
      height,
      pxAlign: 0, // else a moving curve trembles
      legend: { show: false },
      padding: axes ? [8, MARGIN, timeAxis ? 0 : 6, 0] : [2, 0, 2, 0],
      cursor: cursor(axes),
      scales: { x: { time: true }, y: { auto: false, distr: isLog ? 3 : 1, range: (u, low, high) => [low, high] } },
      axes: axes ? [times(timeAxis), values(splits, label)] : [{ show: false }, { show: false }],
      series: [{}, ...curves.map(curve)],
      bands: band ? [{ series: band, fill: () => colours.band }] : [],
      hooks: hooks(onDraw, onCursor, zero),
    }, [[0], ...curves.map(() => [null])], parent);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(parent);
  }

  /** Let go of it: else observer and library keep it for as long as the page is open. */
  destroy() {
    this.observer.disconnect();
    this.plot.destroy();
  }

  /** Draw curves in [fromT, toT] and between two values. */
  draw(data, [fromT, toT], [low, high]) {
    this.data = data;
    const drawable = data[0].length ? data : [[fromT], ...data.slice(1).map(() => [null])];
    this.plot.batch(() => {
      this.plot.setData(drawable, false);
      this.plot.setScale("x", { min: fromT, max: toT });
      this.plot.setScale("y", { min: low, max: high });
    });
  }

  resize(height = this.height) {
    const width = this.parent.clientWidth;
    if (!width || (width === this.plot.width && height === this.height)) return;
    this.height = height;
    this.plot.setSize({ width, height });
  }
}

function curve({ stroke, width = 1.25, dash, fill, stepped }) {
  return {
    stroke: () => (stroke ? colours[stroke] : "transparent"),
    width,
    dash,
    fill: fill ? () => colours[fill] : undefined,
    paths: stepped ? window.uPlot.paths.stepped({ align: 1 }) : undefined,
    pxAlign: 0,
    points: stroke ? { show: false, size: 4, filter: alone, fill: () => colours[stroke] } : { show: false },
  };
}

function alone(plot, index) {
  const found = lonely(plot.data[index]);
  return found.length ? found : null;
}

function cursor(axes) {
  return {
    show: axes,
    y: false,
    points: { show: false },
    drag: { x: false, y: false, setScale: false },
    ...(axes ? { sync: { key: CURSORS, setSeries: false, scales: ["x", null] } } : {}),
    bind: { dblclick: nothing, mousedown: nothing, mouseup: nothing },
  };
}

function times(isShown) {
  const grid = { stroke: () => colours.grid, width: 1 };
  const base = { stroke: () => colours.quiet, font: FONT, grid, ticks: { show: false } };
  if (!isShown) return { ...base, size: 0, values: (u, splits) => splits.map(() => "") };
  return {
    ...base,
    size: 24,
    gap: 6,
    space: 72,
    values: (u, splits, axis, space, step) =>
      splits.map((t) => (isAtEdge(u, t) ? "" : clock(t, { seconds: step < 60 }))),
  };
}

/** Whether a label under `t` would be cut off. */
function isAtEdge(u, t) {
  const x = u.valToPos(t, "x");
  return x > u.over.clientWidth - 20 || x < 8;
}

function values(splits, label) {
  return {
    stroke: () => colours.quiet,
    font: FONT,
    size: GUTTER,
    gap: 6,
    space: 24,
    splits: (u, axis, low, high) => splits(low, high),
    filter: (u, found) => found,
    values: (u, found) => found.map(label),
    grid: { stroke: () => colours.grid, width: 1 },
    ticks: { show: false },
  };
}

function drawZero({ ctx: pen, bbox, valToPos }) {
  const y = valToPos(0, "y", true);
  pen.save();
  pen.strokeStyle = colours["no-face"];
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  pen.moveTo(bbox.left, y);
  pen.lineTo(bbox.left + bbox.width, y);
  pen.stroke();
  pen.restore();
}

function withMinus(value) {
  return String(value).replace("-", "−");
}

function halves(low, high) {
  return [low, (low + high) / 2, high];
}

function hooks(onDraw, onCursor, zero) {
  const found = {};
  if (zero) found.drawAxes = [drawZero];
  if (onDraw) found.draw = [onDraw];
  if (onCursor) {
    found.setCursor = [
      (u) => onCursor(u.cursor.left >= 0 && u.scales.x.min !== null ? u.posToVal(u.cursor.left, "x") : null),
    ];
  }
  return found;
}
