// The token of this tab: kept until the tab is closed, and never part of a URL.

const KEY = "narrowcast.token";
let kept = null; // where the browser stores nothing for us
const SUBPROTOCOL = "narrowcast.subscribe.v1";

// What secrets are made of (docs/operations.md), which subprotocols can carry.
export const PATTERN = /^[A-Za-z0-9._~-]{16,200}$/;

export function token() {
  try {
    return sessionStorage.getItem(KEY) ?? kept;
  } catch {
    return kept;
  }
}

export function keepToken(text) {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    kept = text; // until the page is loaded again
  }
}

export function forgetToken() {
  kept = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was stored.
  }
}

/** Headers of a request. */
export function authorization() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

/** Subprotocols of a WebSocket, whose headers a page cannot set. */
export function subprotocols() {
  return token() ? [SUBPROTOCOL, `narrowcast.token.${token()}`] : [SUBPROTOCOL];
}
