// The token of this tab: kept until the tab is closed, and never part of a URL.

const KEY = "narrowcast.token";
const SUBPROTOCOL = "narrowcast.subscribe.v1";

// What secrets are made of (docs/operations.md), which subprotocols can carry.
export const PATTERN = /^[A-Za-z0-9._~-]{16,200}$/;

export function token() {
  return sessionStorage.getItem(KEY);
}

export function keepToken(text) {
  sessionStorage.setItem(KEY, text);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

/** Headers of a request. */
export function authorization() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

/** Subprotocols of a WebSocket, whose headers a page cannot set. */
export function subprotocols() {
  return token() ? [SUBPROTOCOL, `narrowcast.token.${token()}`] : [SUBPROTOCOL];
}
