// Who is drawn when: nothing more often than its curve moves by a pixel, and of what is due only
// as much as fits into one frame of the screen; the rest comes first in the next one.

const BUDGET_MS = 7;
const IDLE_MS = 200; // between looks where nothing moves

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const STILL_MS = 1000;

/** A view has isMoving, isDirty, intervalMs and draw(). */
export class Animator {
  #views = new Map(); // view -> when it was drawn last, ms

  add(view) {
    this.#views.set(view, -Infinity);
  }

  remove(view) {
    this.#views.delete(view);
  }

  run() {
    requestAnimationFrame(() => {
      const isMoving = [...this.#views.keys()].some((view) => view.isMoving);
      if (isMoving) this.run();
      else setTimeout(() => this.run(), IDLE_MS);
      this.#draw();
    });
  }

  #draw() {
    const startMs = performance.now();
    const due = [];
    for (const [view, drawnMs] of this.#views) {
      const least = stillness.matches ? Math.max(view.intervalMs, STILL_MS) : view.intervalMs;
      const overdueMs = startMs - drawnMs - least;
      if (view.isUrgent || (overdueMs >= 0 && (view.isMoving || view.isDirty))) {
        due.push([view.isUrgent ? Infinity : overdueMs, view]);
      }
    }
    due.sort((a, b) => b[0] - a[0]);
    for (const [, view] of due) {
      if (performance.now() - startMs > BUDGET_MS) break;
      view.draw();
      this.#views.set(view, startMs);
    }
  }
}
