// What time it is at the decoder: its clock and this browser's may be hours apart.

let aheadMs = 0;

/** An answer of the decoder, or of a proxy before it, that has just come. */
export function noteDate(answer) {
  const toldMs = Date.parse(answer.headers.get("Date"));
  if (Number.isFinite(toldMs)) aheadMs = toldMs - Date.now();
}

/** Unix time in s by the decoder's clock, within about a second. */
export function decoderT() {
  return (Date.now() + aheadMs) / 1000;
}
