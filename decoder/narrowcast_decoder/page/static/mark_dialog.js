// The question that a mark asks: what happened? Its time is when the key was pressed.

import { byId, setText } from "./dom.js";
import { clock } from "./format.js";

export class MarkDialog {
  #t = null;

  /** add(text, t) keeps the mark; it may throw. */
  constructor(add) {
    this.dialog = byId("mark-dialog");
    byId("mark-cancel").addEventListener("click", () => this.dialog.close());
    byId("mark-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(add);
    });
  }

  open(t) {
    this.#t = t;
    setText(byId("mark-t"), clock(t, { tenths: true }));
    setText(byId("mark-problem"), "");
    byId("mark-text").value = "";
    this.dialog.showModal();
  }

  async #send(add) {
    const text = byId("mark-text").value.trim();
    if (!text) return;
    try {
      await add(text, this.#t);
      this.dialog.close();
    } catch (problem) {
      setText(byId("mark-problem"), `Not added: ${problem.message}`);
    }
  }
}
