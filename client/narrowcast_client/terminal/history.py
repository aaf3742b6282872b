"""What a viewer keeps of a series: its newest samples, sums over all, and their figures as text.

The texts are the same in the drawing, in plain lines and in summaries.
"""

from collections import Counter, deque
from datetime import datetime

from narrowcast_client.baseline import SampleAboveRest
from narrowcast_client.subscription import Notice, State
from narrowcast_shared.operating_point import MAX_FPS
from narrowcast_shared.options import DECODER_URL
from narrowcast_shared.samples import Sample, Status

LABELS = {
    Status.OK: "ok",
    Status.NO_FACE: "no face",
    Status.SKIPPED: "not sent",
    Status.LOST: "lost",
}

NOTHING = "-"

_RECENT_S = 1.0
"""A valence older than this is not shown as the present one."""


class History:
    """The samples of the last `window_s`, and counts over all samples.

    Bounded by the number of frames in the window at the highest frame rate; the oldest are dropped.
    """

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._samples: deque[Sample] = deque(maxlen=int(window_s * MAX_FPS) + 1)
        self.counts: Counter[Status] = Counter()
        self._valence_sum = 0.0

    def add(self, sample: Sample) -> None:
        """Take the next sample of the series."""
        self._samples.append(sample)
        self.counts[sample.status] += 1
        self._valence_sum += sample.valence or 0.0

    @property
    def total(self) -> int:
        """Number of samples seen so far."""
        return self.counts.total()

    @property
    def mean_valence(self) -> float | None:
        """Mean over all samples with a valence; None where there are none."""
        read = self.counts[Status.OK]
        return self._valence_sum / read if read else None

    @property
    def newest(self) -> Sample | None:
        """The last sample received."""
        return self._samples[-1] if self._samples else None

    @property
    def newest_read(self) -> Sample | None:
        """The last sample that has a valence, where it is recent."""
        for sample in reversed(self._samples):
            if self._samples[-1].t - sample.t > _RECENT_S:
                return None
            if sample.valence is not None:
                return sample
        return None

    def window(self) -> list[Sample]:
        """The samples captured within `window_s` before the newest, in order."""
        if not self._samples:
            return []
        first_t = self._samples[-1].t - self.window_s
        return [sample for sample in self._samples if sample.t >= first_t]


# --- figures as text -------------------------------------------------------------------------


def valence(sample: Sample | None) -> str:
    """As `+0.42`."""
    if sample is None or sample.valence is None:
        return NOTHING
    return f"{sample.valence:+.2f}"


def above_rest(sample: Sample | None) -> str:
    """As `+0.31 ±0.12 above rest`; empty where rest is not known."""
    if not isinstance(sample, SampleAboveRest) or sample.valence_above_rest is None:
        return ""
    off = "" if sample.sigma_above_rest is None else f" ±{sample.sigma_above_rest:.2f}"
    return f"{sample.valence_above_rest:+.2f}{off} above rest"


def sigma(sample: Sample | None) -> str:
    """As `±0.11`."""
    return "" if sample is None or sample.sigma is None else f"±{sample.sigma:.2f}"


def operating_point(sample: Sample | None) -> str:
    """As `32 px   QP 30`."""
    px = NOTHING if sample is None or sample.px is None else sample.px
    qp = NOTHING if sample is None or sample.qp is None else sample.qp
    return f"{px} px   QP {qp}"


def wire_rate(sample: Sample | None) -> str:
    """As `9.8 kbit/s`, or `9.8 of 16.0 kbit/s` where there is a cap."""
    if sample is None or sample.wire_bps is None:
        return f"{NOTHING} kbit/s"
    cap = "" if sample.cap_bps is None else f" of {sample.cap_bps / 1000:.1f}"
    return f"{sample.wire_bps / 1000:.1f}{cap} kbit/s"


def latency(sample: Sample | None) -> str:
    """As `31 ms`."""
    if sample is None or sample.latency_ms is None:
        return f"{NOTHING} ms"
    return f"{sample.latency_ms:.0f} ms"


def line(sample: Sample) -> str:
    """As `12:03:04 cam-1 #523 ok +0.42 ±0.11, 32 px QP 30, 9.8 kbit/s, 31 ms`."""
    time = datetime.fromtimestamp(sample.t).astimezone().strftime("%H:%M:%S")
    head = f"{time} {sample.session} #{sample.id} {LABELS[sample.status]}"
    if sample.status is not Status.OK:
        return f"{head}, {wire_rate(sample)}"
    point = " ".join(operating_point(sample).split())
    read = f"{valence(sample)} {sigma(sample)}".strip()
    if relative := above_rest(sample):
        read += f", {relative}"
    return f"{head} {read}, {point}, {wire_rate(sample)}, {latency(sample)}"


def summary(session: str, history: History) -> str:
    """As `cam-1: 494 samples (480 ok, 14 not sent), mean valence +0.31`."""
    counts = ", ".join(f"{n} {LABELS[s]}" for s in Status if (n := history.counts[s]))
    parted = f" ({counts})" if counts else ""
    mean = history.mean_valence
    tail = "" if mean is None else f", mean valence {mean:+.2f}"
    return f"{session}: {history.total} samples{parted}{tail}"


def notice(change: Notice, url: str) -> list[str]:
    """The message for a change of state, line by line; empty where the samples show it."""
    match change.state:
        case State.WAITING:
            return [f"{change.why}; waiting. Start one with:", _start_command(url, change.session)]
        case State.RETRYING:
            return [f"{change.why}; trying again"]
        case _:
            return []


def _start_command(url: str, session: str | None) -> str:
    to = "" if url == DECODER_URL else f" --to {url}"
    name = f" --session {session}" if session else ""
    return f"narrowcast encode sample{to}{name}"
