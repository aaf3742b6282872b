// The samples of one session that are held here, in order of capture time, in typed columns.
// Pure. Samples are merged in batches: those of a live stream at the end, back-filled frames of
// an outage in the middle, older pages in front, each in one pass from the back.

export const STATUSES = ["ok", "no_face", "skipped", "lost"];
export const OK = 0;
export const NO_FACE = 1;
export const SKIPPED = 2;
export const LOST = 3;

const NUMBERS = [
  "id", "seq", "t", "valence", "sigma", "px", "qp", "wire_bps", "cap_bps", "latency_ms",
];
const FIRST_ROOM = 1024;
const SPARE = 4; // times the room that is needed, and some of it is given back
const SET_BACK_S = 1; // a newer frame that is captured so much earlier tells of another clock

// 42 MB; three and a half hours of 40 samples a second, half a day of 10.
export const MOST_SAMPLES = 1 << 19;

export class Series {
  #ids = new Set();
  #room = 0;
  #newest; // {seq, t} of the highest frame number

  constructor() {
    this.clear();
  }

  get firstT() {
    return this.length ? this.t[0] : NaN;
  }

  get lastT() {
    return this.length ? this.t[this.length - 1] : NaN;
  }

  /** Take samples in, in any order; those that are held already are passed over. */
  merge(samples) {
    const fresh = samples.filter((sample) => !this.#ids.has(sample.id));
    if (!fresh.length) return;
    fresh.sort((a, b) => a.t - b.t || a.seq - b.seq);
    this.#makeRoom(this.length + fresh.length);
    let held = this.length - 1;
    let to = this.length + fresh.length - 1;
    this.length += fresh.length;
    for (let next = fresh.length - 1; next >= 0; to--) {
      if (held >= 0 && this.t[held] > fresh[next].t) this.#move(held--, to);
      else this.#set(to, fresh[next--]);
    }
    if (this.length > MOST_SAMPLES) this.keepLast(MOST_SAMPLES - MOST_SAMPLES / 8);
  }

  /** Forget all but the newest `count`. */
  keepLast(count) {
    const from = this.length - count;
    if (from <= 0) return;
    for (let i = 0; i < from; i++) this.#ids.delete(this.id[i]);
    for (const column of this.#columns()) column.copyWithin(0, from, this.length);
    this.length = count;
    this.coveredFromT = this.firstT;
    if (this.#room > SPARE * count) this.#resize(roomFor(count));
  }

  /** Where the encoder's clock was set back, forget what was captured behind the newest frame.
   *  Returns whether there was anything. */
  dropFuture() {
    const end = this.firstAt(this.#newest.t + SET_BACK_S);
    if (end === this.length) return false;
    for (let i = end; i < this.length; i++) this.#ids.delete(this.id[i]);
    this.length = end;
    this.coveredFromT = Math.min(this.coveredFromT, this.#newest.t);
    return true;
  }

  clear() {
    this.length = 0;
    this.coveredFromT = Infinity; // s; from here on, whatever is stored is held
    this.#ids.clear();
    this.#newest = { seq: -1, t: Infinity };
    this.#resize(FIRST_ROOM);
  }

  /** Index of the first sample captured at `t` or later; `length` where there is none. */
  firstAt(t) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.t[middle] < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the last frame that was read, at or before index `from`; -1 where there is none. */
  lastRead(from = this.length - 1) {
    for (let i = from; i >= 0; i--) if (this.status[i] === OK) return i;
    return -1;
  }

  #columns() {
    return [...NUMBERS.map((name) => this[name]), this.status];
  }

  #makeRoom(count) {
    if (count > this.#room) this.#resize(roomFor(count));
  }

  #resize(room) {
    this.#room = room;
    const held = (column) => column?.subarray(0, this.length) ?? [];
    for (const name of NUMBERS) this[name] = moved(held(this[name]), new Float64Array(room));
    this.status = moved(held(this.status), new Uint8Array(room));
  }

  #move(from, to) {
    for (const name of NUMBERS) this[name][to] = this[name][from];
    this.status[to] = this.status[from];
  }

  #set(to, sample) {
    this.#ids.add(sample.id);
    if (sample.seq > this.#newest.seq) this.#newest = { seq: sample.seq, t: sample.t };
    for (const name of NUMBERS) this[name][to] = sample[name] ?? NaN;
    this.status[to] = STATUSES.indexOf(sample.status);
  }
}

function roomFor(count) {
  return Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(count)));
}

function moved(from, to) {
  to.set(from);
  return to;
}
