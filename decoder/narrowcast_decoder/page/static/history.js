// Stored samples, read page by page.

import { getJson, sessionPath } from "./api.js";

const PAGE = 5000;

/** All samples captured from `fromT` on and, where it is given, before `toT` (s), in pages. */
export async function* storedSamples(session, fromT, toT = null) {
  const query = { from_t: fromT, limit: PAGE, ...(toT === null ? {} : { to_t: toT }) };
  for (let next = 0; next !== null; ) {
    if (next) query.from = next;
    const path = sessionPath(session, `/samples?${new URLSearchParams(query)}`);
    const page = await getJson(path);
    yield page.samples;
    next = page.next;
  }
}
