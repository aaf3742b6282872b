// The strip of statuses, painted: shares of each moment stacked from `ok` up to `lost`, and under
// them what came late, hatched.

import { bins, stepFor } from "./strip.js";
import { colours } from "./theme.js";

const COLOURS = ["ok", "no-face", "skipped", "lost"]; // as series.js numbers statuses
const BIN_PX = 3;
const LATE_PX = 3;

export class StripCanvas {
  /** left, right: px of the canvas that the plot above leaves free. */
  constructor(canvas, left = 0, right = 0) {
    this.canvas = canvas;
    this.left = left;
    this.right = right;
    this.bins = []; // what was painted last, and the seconds of each
    this.step = 0;
  }

  draw(series, [fromT, toT]) {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const width = canvas.clientWidth - this.left - this.right;
    const height = canvas.clientHeight;
    fit(canvas, canvas.clientWidth * ratio, height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, canvas.clientWidth, height);
    pen.save();
    pen.beginPath();
    pen.rect(this.left, 0, width, height);
    pen.clip();
    const step = stepFor(toT - fromT, width, BIN_PX);
    this.step = step;
    this.bins = bins(series, fromT, toT, step);
    // On whole pixels: else one sees through between two bins.
    const x = (t) => this.left + Math.round(((t - fromT) / (toT - fromT)) * width);
    for (const bin of this.bins) paint(pen, bin, x(bin.t), x(bin.t + step), height - LATE_PX - 1);
    pen.restore();
  }
}

function paint(pen, bin, left, right, height) {
  if (!bin.total) return;
  let bottom = height;
  bin.counts.forEach((count, status) => {
    if (!count) return;
    const share = Math.max((count / bin.total) * height, 1);
    pen.fillStyle = colours[COLOURS[status]];
    pen.fillRect(left, bottom - share, right - left, share);
    bottom -= share;
  });
  if (bin.late) {
    pen.fillStyle = colours.late;
    for (let at = left; at < right; at += 3) pen.fillRect(at, height + 1, 2, LATE_PX);
  }
}

function fit(canvas, width, height) {
  if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
  if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
}
