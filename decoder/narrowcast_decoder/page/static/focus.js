// The session that is looked at alone: everything of it, on one axis of time.

import { aimCsv, installCsv } from "./csv.js";
import { byId, element, setText, show } from "./dom.js";
import { decoderT } from "./decoder_clock.js";
import { clock, day, duration, model, offset } from "./format.js";
import { MarkDialog } from "./mark_dialog.js";
import { Marks } from "./marks.js";
import { Now } from "./now.js";
import { installPanning } from "./panning.js";
import { Panels } from "./panels.js";
import { Preview } from "./preview.js";
import { readingAt, whyOld } from "./reading.js";
import { Series } from "./series.js";
import { SPANS_S, View } from "./view.js";

const LEAST_MS = 30; // between drawings
const SILENT_MS = 200;
const AGAIN_MS = 3000;
const SAID_MS = 10_000; // that a file could not be had
const NONE = new Series();
const WRITTEN_EVERY_MS = 250; // numbers that change faster cannot be read

export class Focus {
  #drawnVersion = -1;
  #writtenMs = -Infinity;
  #isLoading = false;
  #notBeforeMs = 0; // older samples are not asked for again
  #saidTimer = 0;

  constructor() {
    this.session = null;
    this.isUrgent = false; // to be drawn in the next frame: somebody drags
    this.view = new View();
    this.marks = new Marks(() => {
      this.isUrgent = true;
    });
    this.preview = new Preview();
    this.now = new Now();
    this.cursorT = null;
    this.panels = null;
    this.dialog = new MarkDialog((text, t) => this.marks.add(text, t));
    installCsv(byId("csv"), (problem) => {
      this.#say(`No CSV file: ${problem.message}`);
      this.#saidTimer = setTimeout(() => {
        this.#say("");
        this.isUrgent = true;
      }, SAID_MS);
    });
    this.#install();
  }

  get isDirty() {
    return this.session !== null && this.session.version !== this.#drawnVersion;
  }

  /** Whether all that is known is on the screen. */
  get isUpToDate() {
    return !this.isDirty && !this.isUrgent;
  }

  get isMoving() {
    return this.session !== null && this.session.isMoving && this.view.isLive;
  }

  get intervalMs() {
    if (!this.session) return SILENT_MS;
    if (this.session.condition === "silent") return SILENT_MS;
    return Math.max((1000 * this.view.spanS) / this.panels.plotWidth, LEAST_MS);
  }

  /** Look at a session, or at none (null). Said again whenever more is known of it. */
  open(session) {
    this.preview.follow(session);
    this.marks.follow(session);
    if (session === this.session) return;
    this.session?.held.narrow();
    this.session = session;
    this.view = new View(this.view.spanS);
    this.cursorT = null;
    this.#writtenMs = -Infinity;
    show(byId("focus"), session !== null);
    if (!session) return;
    this.panels ??= new Panels(byId("panels"), (t) => this.#point(t));
    session.held.isWide = true;
    this.#notBeforeMs = 0;
    setText(byId("focus-name"), session.name);
    aimCsv(byId("csv"), session.name);
    this.#say("");
    this.isUrgent = true;
  }

  draw() {
    const { session, view } = this;
    this.isUrgent = false;
    if (!session) return;
    session.takeIn();
    this.#drawnVersion = session.version;
    this.#writeHead();
    const edgeT = session.edgeT;
    const isKnown = !Number.isNaN(edgeT); // else nothing has come, or not been loaded yet
    const window = view.window(isKnown ? edgeT : decoderT());
    const series = isKnown ? session.held.seriesFor(window) : NONE;
    this.panels.draw(series, window, this.marks.all);
    this.#write(series, window);
    if (isKnown) this.#load(window);
  }

  /** The values in words: those of the cursor's time, else of the newest one in view. */
  #write(series, window) {
    const { session } = this;
    const isOver = session.isOver && session.series.length > 0;
    const looksBack = this.cursorT !== null || !this.view.isLive || isOver;
    const nowMs = performance.now();
    if (!looksBack && nowMs - this.#writtenMs < WRITTEN_EVERY_MS) return;
    this.#writtenMs = nowMs;
    const atT = this.cursorT ?? window[1];
    const reading = readingAt(series, atT);
    this.now.draw(reading, whyOld(reading), looksBack ? `at ${clock(atT, { tenths: true })}` : "");
    this.panels.write(series, window, atT);
  }

  #writeHead() {
    const { session, view } = this;
    const { summary, condition } = session;
    setText(byId("focus-state"), condition);
    byId("focus-state").dataset.state = condition.replaceAll(" ", "-");
    show(byId("to-live"), !view.isLive);
    setText(byId("to-live"), session.isLive ? "Back to live" : "To the end");
    show(byId("mark"), this.marks.isOffered);
    byId("span").value = String(view.spanS);
    const lengthS = (summary.last_t ?? NaN) - (summary.first_t ?? NaN);
    this.now.facts({
      started: startOf(summary.started_t),
      length: duration(lengthS),
      frames: String(summary.samples),
      model: model(summary.model, summary.model_sha256),
      "clock offset": offset(summary.clock_offset_ms, summary.clock_error_ms),
    });
    this.#explain(condition);
  }

  #explain(condition) {
    const { session } = this;
    const words = {
      gone: "This session does not exist any more.",
      "token refused": "The token is no longer good for this session.",
      reconnecting: "The decoder has hung up; trying again.",
      interrupted: "The encoder's connection is lost. What it holds comes when it is back.",
      silent: "The encoder is connected and says nothing.",
      "not loaded": `The stored samples cannot be read: ${session.problem?.message}`,
      ended: `This session has ended${reason(session.summary.end_reason)}.`,
    };
    if (!this.said) setText(byId("focus-message"), words[condition] ?? "");
    show(byId("focus-message"), byId("focus-message").textContent !== "");
  }

  #say(text) {
    clearTimeout(this.#saidTimer);
    this.said = text;
    setText(byId("focus-message"), text);
  }

  #point(t) {
    if (t === this.cursorT) return;
    this.cursorT = t;
    this.isUrgent = true;
  }

  async #load(window) {
    const { session } = this;
    if (session.held.holds(window) || this.#isLoading || performance.now() < this.#notBeforeMs) return;
    this.#isLoading = true;
    this.#say("Loading older samples.");
    let problem = null;
    try {
      await session.load(window);
    } catch (found) {
      problem = found;
    }
    this.#isLoading = false;
    this.isUrgent = true;
    if (session !== this.session) return;
    this.#say(problem ? `Older samples cannot be read: ${problem.message}` : "");
    if (session.held.holds(window)) return;
    this.#notBeforeMs = performance.now() + AGAIN_MS;
    setTimeout(() => session.changed(), AGAIN_MS);
  }

  #install() {
    for (const spanS of SPANS_S) {
      byId("span").append(element("option", { value: spanS }, duration(spanS)));
    }
    byId("span").addEventListener("change", (event) => {
      this.view.spanS = Number(event.target.value);
      this.isUrgent = true;
    });
    byId("to-live").addEventListener("click", () => this.#move((view) => view.goLive()));
    byId("mark").addEventListener("click", () => this.#mark());
    const bounds = () => [this.session.edgeT, this.session.earliestT];
    installPanning(byId("panels"), {
      pan: (seconds) => this.#move((view) => view.pan(seconds, ...bounds())),
      toStart: () => this.#move((view) => view.goTo(-Infinity, ...bounds())),
      toLive: () => this.#move((view) => view.goLive()),
      zoom: (direction) => this.#move((view) => view.zoom(direction)),
      mark: () => this.#mark(),
      spanS: () => this.view.spanS,
      secondsPerPx: () => this.view.spanS / this.panels.plotWidth,
    });
  }

  #move(move) {
    if (!this.session) return;
    move(this.view);
    this.isUrgent = true;
  }

  #mark() {
    const { session } = this;
    if (!session || !this.marks.isOffered || Number.isNaN(session.edgeT)) return;
    this.dialog.open(this.cursorT ?? this.view.window(session.edgeT)[1]);
  }
}

function startOf(t) {
  const isToday = day(t) === day(decoderT());
  return isToday ? clock(t) : `${day(t)} ${clock(t, { seconds: false })}`;
}

function reason(text) {
  return text && text !== "finished" ? `: ${text}` : "";
}
