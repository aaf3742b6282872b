// One session among many: its value, its curve and its strip.

import { Chart } from "./chart.js";
import { shown, valenceCurves } from "./curves.js";
import { element, setText } from "./dom.js";
import { clock, plain, signed } from "./format.js";
import { readingAt, whyOld } from "./reading.js";
import { StripCanvas } from "./strip_canvas.js";
import { DEFAULT_SPAN_S } from "./view.js";

const HEIGHT = 64;
const STILL_MS = 1000; // between drawings of a stream that says nothing

export class Card {
  #parts = {};
  #chart = null;
  #strip = null;
  #drawnVersion = -1;
  #width = 250; // px; read only when it is drawn, as asking makes the browser lay out

  constructor(session) {
    this.session = session;
    this.isSeen = false;
    this.isUrgent = false;
    this.isAside = false; // another session is looked at
    const parts = this.#parts;
    parts.name = element("span", { class: "name" }, session.name);
    parts.state = element("span", { class: "state" });
    parts.value = element("span", { class: "value" });
    parts.sigma = element("span", { class: "sigma" });
    parts.why = element("span", { class: "why" });
    parts.plot = element("span", { class: "plot", "aria-hidden": "true" });
    parts.strip = element("canvas", { class: "strip", "aria-hidden": "true" });
    const head = element("span", { class: "card-head" }, parts.name, parts.state);
    const now = element("span", { class: "card-now" }, parts.value, parts.sigma, parts.why);
    const href = `#session=${encodeURIComponent(session.name)}`;
    this.link = element("a", { href, class: "card" }, head, now, parts.plot, parts.strip);
    this.node = element("li", {}, this.link);
  }

  get isDirty() {
    return this.isSeen && this.session.version !== this.#drawnVersion;
  }

  get isMoving() {
    return this.isSeen && this.session.isMoving;
  }

  /** A curve is drawn again when it has moved by a pixel; by two, beside a session in focus. */
  get intervalMs() {
    if (this.session.condition === "silent") return STILL_MS;
    const pixelMs = (1000 * DEFAULT_SPAN_S) / this.#width;
    return this.isAside ? 2 * pixelMs : pixelMs;
  }

  draw() {
    const { session } = this;
    session.takeIn();
    this.#drawnVersion = session.version;
    this.#write();
    this.#width = Math.max(this.#parts.plot.clientWidth, 100);
    if (!session.series.length) return;
    this.#chart ??= new Chart(this.#parts.plot, {
      height: HEIGHT,
      axes: false,
      curves: [{ stroke: "curve", width: 1.5 }, {}, {}],
      band: [2, 3],
      zero: true,
    });
    this.#strip ??= new StripCanvas(this.#parts.strip);
    const { series, edgeT } = session;
    const window = [edgeT - DEFAULT_SPAN_S, edgeT];
    this.#chart.draw(valenceCurves(series, shown(series, ...window)), window, [-1, 1]);
    this.#strip.draw(series, window);
  }

  destroy() {
    this.#chart?.destroy();
    this.node.remove();
  }

  #write() {
    const { session } = this;
    const parts = this.#parts;
    const reading = readingAt(session.series, session.edgeT);
    const { condition } = session;
    setText(parts.state, condition);
    parts.state.dataset.state = condition.replaceAll(" ", "-");
    setText(parts.value, signed(reading.valence));
    setText(parts.sigma, reading.index < 0 ? "" : `± ${plain(reading.sigma, 2)}`);
    const at = `at ${clock(session.edgeT)}`;
    setText(parts.why, session.isOver ? at : whyOld(reading));
    this.link.classList.toggle("is-old", session.isOver || !reading.isFresh);
  }
}
