// Marks as lines through the panels, with their text in the first one.

import { colours } from "./theme.js";

const MOST_CHARS = 28;
const ROWS = 3; // labels of marks that are close stand under each other

/** A uPlot draw hook: marks are [{t, text}] in order of t. */
export function drawMarks(u, marks, isLabelled) {
  const { ctx: pen, bbox } = u;
  const ratio = devicePixelRatio;
  const ends = new Array(ROWS).fill(-Infinity);
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top - 8 * ratio, bbox.width, bbox.height + 8 * ratio);
  pen.clip();
  pen.strokeStyle = pen.fillStyle = colours.mark;
  pen.lineWidth = ratio;
  pen.setLineDash([]);
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  pen.textBaseline = "top";
  pen.textAlign = "left";
  for (const { t, text } of marks) {
    if (t < u.scales.x.min - 3600 || t > u.scales.x.max) continue;
    const x = u.valToPos(t, "x", true);
    line(pen, x, bbox);
    if (isLabelled) label(pen, short(text), x + 4 * ratio, bbox.top, ratio, ends);
  }
  pen.restore();
}

function line(pen, x, { top, height }) {
  pen.beginPath();
  pen.moveTo(x, top);
  pen.lineTo(x, top + height);
  pen.stroke();
}

function label(pen, text, x, top, ratio, ends) {
  const width = pen.measureText(text).width;
  const row = Math.max(ends.findIndex((end) => end < x), 0);
  ends[row] = x + width + 8 * ratio;
  const y = top + (2 + row * 15) * ratio;
  pen.save();
  pen.globalAlpha = 0.85;
  pen.fillStyle = colours.sheet;
  pen.fillRect(x - 2 * ratio, y - ratio, width + 4 * ratio, 14 * ratio);
  pen.restore();
  pen.fillText(text, x, y);
}

function short(text) {
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS - 1)}…`;
}
