// All sessions: a card each for those of now, a line for those of before.

import { Card } from "./card.js";
import { decoderT } from "./decoder_clock.js";
import { byId, element, setText, show } from "./dom.js";
import { clock, day, duration, percent } from "./format.js";

const FACTS = 5; // columns beside the name
const RECENT_S = 600; // an interrupted or ended session keeps its card for so long

export class Overview {
  #cards = new Map();
  #rows = new Map();
  #focused = null;

  constructor(animator) {
    this.animator = animator;
    this.observer = new IntersectionObserver((seen) => seen.forEach((entry) => this.#see(entry)), {
      rootMargin: "200px",
    });
  }

  /** Bring cards and lines in line with the sessions there are. */
  update(sessions, focused, isCut = false) {
    const left = this.#focused;
    this.#focused = focused;
    if (left && left !== focused && !this.#cards.get(left)?.isSeen) left.close();
    const isCard = (session) => session.isLive || isRecent(session);
    this.#updateCards(sessions.filter(isCard).sort(byName));
    this.#updateRows(sessions.filter((session) => !isCard(session)), isCut);
    for (const card of this.#cards.values()) {
      if (card.isSeen) card.session.open(); // where that has failed before
      card.isAside = focused !== null;
      const isFocused = card.session === focused;
      if (isFocused) card.link.setAttribute("aria-current", "true");
      else card.link.removeAttribute("aria-current");
    }
    show(byId("overview"), sessions.length > 1 || (sessions.length === 1 && !focused));
    show(byId("cards"), this.#cards.size > 0);
  }

  #updateCards(sessions) {
    for (const [session, card] of this.#cards) {
      if (sessions.includes(session)) continue;
      this.observer.unobserve(card.node);
      this.animator.remove(card);
      card.destroy();
      this.#cards.delete(session);
      if (session !== this.#focused) session.close();
    }
    sessions.forEach((session, place) => {
      let card = this.#cards.get(session);
      if (!card) {
        card = new Card(session);
        this.#cards.set(session, card);
        this.animator.add(card);
        this.observer.observe(card.node);
      }
      const list = byId("cards");
      if (list.children[place] !== card.node) list.insertBefore(card.node, list.children[place]);
    });
  }

  #updateRows(sessions, isCut) {
    show(byId("earlier"), sessions.length > 0);
    const count = isCut ? `the newest ${sessions.length}` : sessions.length;
    setText(byId("earlier-title"), `Earlier sessions (${count})`);
    const rows = byId("earlier-rows");
    for (const [session, row] of this.#rows) {
      if (sessions.includes(session)) continue;
      row.remove();
      this.#rows.delete(session);
    }
    sessions.forEach((session, place) => {
      if (!this.#rows.has(session)) this.#rows.set(session, rowOf(session.name));
      const row = this.#rows.get(session);
      factsOf(session).forEach((fact, k) => setText(row.children[k + 1], fact));
      if (rows.children[place] !== row) rows.insertBefore(row, rows.children[place]);
    });
  }

  #see({ target, isIntersecting }) {
    const card = [...this.#cards.values()].find(({ node }) => node === target);
    if (!card) return;
    card.isSeen = isIntersecting;
    card.session.changed();
    if (isIntersecting) card.session.open();
    else if (card.session !== this.#focused) card.session.close();
  }
}

function byName(a, b) {
  return a.name.localeCompare(b.name, undefined, { numeric: true });
}

function isRecent({ summary }) {
  return decoderT() - summary.written_t < RECENT_S;
}

function rowOf(name) {
  const link = element("a", { href: `#session=${encodeURIComponent(name)}` }, name);
  const facts = Array.from({ length: FACTS }, () => element("td"));
  return element("tr", {}, element("td", {}, link), ...facts);
}

/** What there is to know of a session, as the table's columns have it. */
function factsOf({ summary }) {
  const { started_t: startedT, first_t: firstT, last_t: lastT, samples, by_status: counts } = summary;
  return [
    `${day(startedT)} ${clock(startedT, { seconds: false })}`,
    duration((lastT ?? NaN) - (firstT ?? NaN)),
    String(samples),
    percent(counts.ok ?? 0, samples),
    summary.state,
  ];
}
