// The decoder's HTTP API. What goes wrong is thrown as a Problem.

import { noteDate } from "./decoder_clock.js";
import { authorization } from "./token.js";

const TIMEOUT_MS = 10_000;

export class Problem extends Error {
  /** status: of HTTP, 0 where nobody answered. kind: the end of the problem's type. */
  constructor(status, kind, detail, remedy = "") {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.remedy = remedy;
  }

  get wantsToken() {
    return this.status === 401 || this.kind === "not-allowed";
  }
}

export function sessionPath(session, part = "") {
  return `v1/sessions/${encodeURIComponent(session)}${part}`;
}

export async function ask(path, options = {}) {
  const headers = { ...authorization(), ...options.headers };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let answer;
  try {
    answer = await fetch(url(path), { cache: "no-store", signal, ...options, headers });
  } catch {
    throw new Problem(0, "unreachable", "the decoder does not answer");
  }
  noteDate(answer);
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** null where the answer is that there is nothing now. */
export async function getJson(path) {
  const answer = await ask(path);
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    throw new Problem(0, "unreachable", "the decoder's answer broke off");
  }
}

export function url(path) {
  return new URL(path, document.baseURI).href;
}

export function webSocketUrl(path) {
  return url(path).replace(/^http/, "ws");
}

async function problemOf(answer) {
  try {
    const { type, detail, remedy } = await answer.json();
    const kind = String(type ?? "").split(":").at(-1);
    return new Problem(answer.status, kind, String(detail ?? answer.statusText), remedy);
  } catch {
    return new Problem(answer.status, "", answer.statusText || `status ${answer.status}`);
  }
}
