// The series as a CSV file: a plain link, or where there is a token, fetched with it.

import { ask, sessionPath, url } from "./api.js";
import { token } from "./token.js";

export function aimCsv(link, session) {
  link.href = url(sessionPath(session, "/samples?format=csv"));
  link.setAttribute("download", `${session}.csv`);
}

/** Makes the link fetch with the token. onProblem(problem) where that fails. */
export function installCsv(link, onProblem) {
  link.addEventListener("click", async (event) => {
    if (!token() || link.href.startsWith("blob:")) return;
    event.preventDefault();
    try {
      const answer = await ask(link.href, { signal: undefined });
      save(await answer.blob(), link.getAttribute("download"));
    } catch (problem) {
      onProblem(problem);
    }
  });
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
