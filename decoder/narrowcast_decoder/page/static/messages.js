// What the page says where there is no series to show: one state at a time.

import { byId, setText, show } from "./dom.js";
import { duration } from "./format.js";
import { PATTERN, forgetToken, keepToken, token } from "./token.js";

export const NONE = "";
export const EMPTY = "empty";
export const TOKEN = "token";
export const UNKNOWN = "unknown";

/** Show the message of that name, and no other. */
export function showMessage(name) {
  for (const each of [EMPTY, TOKEN, UNKNOWN]) show(byId(each), each === name);
}

/** Commands that start a session here. */
export function writeCommands() {
  const here = new URL(".", document.baseURI).href.replace(/\/$/, "");
  setText(byId("command"), `narrowcast encode 0 --to ${here} --session my-session`);
  setText(byId("sample-command"), `narrowcast encode sample --loop --to ${here}`);
}

export function sayUnknown(session) {
  setText(byId("unknown-why"), `This decoder has no session “${session}”, or none that your token is for.`);
}

/** Ask for a token; again, where the last one was refused. */
export function installToken(onToken) {
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("token-text").value.trim();
    byId("token-text").value = "";
    if (!PATTERN.test(text)) {
      sayToken("That is no token: they have 16 to 200 letters, digits and . _ ~ -");
      return;
    }
    keepToken(text);
    onToken();
  });
  byId("forget").addEventListener("click", () => {
    forgetToken();
    location.reload();
  });
}

export function wantToken(problem) {
  const isRefused = token() !== null;
  const why = isRefused
    ? `Token refused: ${problem.message}.`
    : "This decoder shows its series to those who bring a token.";
  if (isRefused) forgetToken();
  if (!byId("token").hidden && !isRefused) return;
  sayToken(why);
  byId("token").dataset.state = isRefused ? "refused" : "wanted";
  showMessage(TOKEN);
  byId("token-text").focus();
}

function sayToken(text) {
  setText(byId("token-why"), text);
}

/** The line at the top: the connection is lost, or something else is wrong. Empty for none. */
export function notice(problem, pauseS = 0) {
  const node = byId("notice");
  show(node, problem !== null);
  if (!problem) return;
  node.dataset.kind = problem.status === 0 ? "lost" : "problem";
  const why = problem.status === 0 ? "Connection to the decoder lost" : `The decoder says: ${problem.message}`;
  const next = pauseS ? `. Trying again in ${duration(Math.ceil(pauseS))}.` : ".";
  setText(node, why + next);
}
