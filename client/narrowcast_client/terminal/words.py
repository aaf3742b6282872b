"""A sample's figures as words: the same in the drawing, in plain lines and in summaries."""

from datetime import datetime

from narrowcast_client import Notice, State
from narrowcast_client.baseline import SampleAboveRest
from narrowcast_client.terminal.history import History
from narrowcast_client.terminal.strip import LABELS
from narrowcast_shared.options import DECODER_URL
from narrowcast_shared.samples import Sample, Status

NOTHING = "-"


def valence(sample: Sample | None) -> str:
    """As `+0.42`."""
    if sample is None or sample.valence is None:
        return NOTHING
    return f"{sample.valence:+.2f}"


def above_rest(sample: Sample | None) -> str:
    """As `+0.31 ±0.12 above rest`; nothing where rest is not known."""
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
    """As `cam-1: 494 samples (480 ok, 14 skipped), mean valence +0.31`."""
    counts = ", ".join(f"{n} {LABELS[s]}" for s in Status if (n := history.counts[s]))
    parted = f" ({counts})" if counts else ""
    mean = history.mean_valence
    told = "" if mean is None else f", mean valence {mean:+.2f}"
    return f"{session}: {history.total} samples{parted}{told}"


def notice(told: Notice, url: str) -> list[str]:
    """What a viewer says of a change of state, line by line; none where the samples say it."""
    match told.state:
        case State.WAITING:
            return [f"{told.why}; waiting. Start one with:", _start_command(url, told.session)]
        case State.RETRYING:
            return [f"{told.why}; trying again"]
        case _:
            return []


def _start_command(url: str, session: str | None) -> str:
    to = "" if url == DECODER_URL else f" --to {url}"
    name = f" --session {session}" if session else ""
    return f"narrowcast encode sample{to}{name}"
