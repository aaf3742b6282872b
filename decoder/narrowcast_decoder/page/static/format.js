// Numbers and times in words, all of one width where they change while somebody looks. Pure.

export const NOTHING = "–";
const MINUS = "−";

export function signed(value, digits = 2) {
  if (!known(value)) return NOTHING;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? MINUS : "+") + text;
}

export function plain(value, digits = 0) {
  return known(value) ? value.toFixed(digits) : NOTHING;
}

/** Bit/s in kbit/s. */
export function kbits(bps) {
  if (!known(bps)) return NOTHING;
  return (bps / 1000).toFixed(bps < 99_950 ? 1 : 0);
}

/** ms, or s from ten seconds on, with its unit. */
export function milliseconds(ms) {
  if (!known(ms)) return NOTHING;
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** How far one clock is ahead of another, with what that may be off by, ms. */
export function offset(ms, errorMs) {
  if (!known(ms)) return "not told";
  const at = Math.abs(ms) < 10_000 ? `${signed(ms, 0)}` : `${signed(ms / 1000, 1)} s`;
  if (Math.abs(ms) >= 10_000) return at;
  return known(errorMs) ? `${at} ± ${plain(errorMs)} ms` : `${at} ms`;
}

/** What read a session: its name, and which weights of that name these were. */
export function model(name, sha256) {
  if (!name) return "not told";
  return sha256 ? `${name} ${sha256.slice(0, 8)}` : name;
}

/** A duration: 8 s, 3 min, 2 h, 5 d. */
export function duration(seconds) {
  if (!known(seconds)) return NOTHING;
  const whole = Math.max(0, seconds);
  if (whole < 90) return `${Math.round(whole)} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  if (whole < 172_800) return `${Math.round(whole / 3600)} h`;
  return `${Math.round(whole / 86_400)} d`;
}

/** Unix time as the time of day here; tenths where asked for. */
export function clock(t, { tenths = false, seconds = true } = {}) {
  if (!known(t)) return NOTHING;
  const date = new Date(Math.floor(t * 10) * 100);
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])];
  const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return tenths ? `${text}.${Math.floor(date.getMilliseconds() / 100)}` : text;
}

export function day(t) {
  const date = new Date(t * 1000);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

/** A share of a whole in percent; one that is not nothing is never called 0. */
export function percent(part, whole) {
  if (!whole) return NOTHING;
  const share = (100 * part) / whole;
  if (part && share < 0.5) return "<1 %";
  if (part < whole && share > 99.5) return ">99 %";
  return `${share.toFixed(0)} %`;
}

/** The least number of one or two digits that halves well and is `value` or more. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((s) => s * power >= value * 0.999_999);
  return Number((step * power).toPrecision(2));
}

function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}
