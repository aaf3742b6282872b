// The value of now, large, on a scale from negative to positive, and what it was read from.

import { byId, element, setText, show } from "./dom.js";
import { plain, signed } from "./format.js";

const TOLD_EVERY_MS = 5000; // to those who listen rather than look

export class Now {
  #toldMs = -Infinity;
  #facts = new Map();

  /** reading, why: as reading.js has them. at: the time looked at in words, empty for now. */
  draw(reading, why, at) {
    const has = reading.index >= 0;
    setText(byId("value"), signed(reading.valence));
    setText(byId("sigma"), has ? `± ${plain(reading.sigma, 2)}` : "");
    setText(byId("why-old"), at ? at : why);
    byId("focus").classList.toggle("is-old", !reading.isFresh);
    show(byId("needle-mark"), has);
    show(byId("needle-band"), has);
    if (has) this.#point(reading);
    this.#tell(reading, why);
  }

  /** What the session says of itself: words, by name. */
  facts(told) {
    for (const [name, text] of Object.entries(told)) {
      if (!this.#facts.has(name)) {
        const value = element("dd");
        byId("facts").append(element("div", {}, element("dt", {}, name), value));
        this.#facts.set(name, value);
      }
      setText(this.#facts.get(name), text);
    }
  }

  #point({ valence, sigma }) {
    const place = (value) => `${50 + 50 * Math.min(Math.max(value, -1), 1)}%`;
    byId("needle-mark").style.left = place(valence);
    byId("needle-band").style.left = place(valence - sigma);
    byId("needle-band").style.right = `calc(100% - ${place(valence + sigma)})`;
  }

  #tell(reading, why) {
    if (performance.now() - this.#toldMs < TOLD_EVERY_MS) return;
    this.#toldMs = performance.now();
    const value = `valence ${signed(reading.valence)}, plus or minus ${plain(reading.sigma, 2)}`;
    setText(byId("spoken"), why || value);
  }
}
