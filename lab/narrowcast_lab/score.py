"""Scores a recording: the whole path offline, as fast as it goes, one sample a frame."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import FaceDetector
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_encoder.sources import open_source, shown
from narrowcast_lab.offline import OfflinePath
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.errors import SourceError
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.messages import MAX_SESSION_BYTES, reads_as_value

STANDARD_INPUT = "-"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class Scorer(NamedTuple):
    """What scoring takes: the network, the detector, and what the stream is to send."""

    recogniser: Recogniser
    detector: FaceDetector
    settings: StreamSettings

    def score(self, path: str, name: str) -> Iterator[Sample]:
        """Samples of every frame, in order; `t` is the time since the first one, in seconds: the
        position in the file.

        path: as `open_source` takes it; "-" is a recording on standard input.
        name: the session's, in each sample.

        Raises SourceError where the file cannot be read; behind the samples of what could, where it
        breaks off.
        """
        stream, interval_ms = make_stream(self.settings, 0), report_interval_ms(self.settings)
        cap_bps = self.settings.link.mean_bps or 0
        offline = OfflinePath(self.recogniser, stream, name, interval_ms, cap_bps)
        maker = ChipMaker(self.detector)
        at_us: int | None = None
        start_s: float | None = None
        broken: SourceError | None = None
        with open_source(path, as_recording=True) as source:
            try:
                for frame in source:
                    start_s = frame.t_s if start_s is None else start_s  # a camera's clock runs
                    at_us = round((frame.t_s - start_s) * 1_000_000)
                    yield from offline.frame(maker.chip(frame.image), at_us)
            except SourceError as error:
                broken = error
        if at_us is not None:
            yield from offline.finish(at_us)
        if broken is not None:
            raise broken


def session_name(path: str) -> str:
    """A session's name for a file or URL: its name without what a session's name may not hold, or
    must not tell, such as a password, and with a word before it where it reads as a number or as
    missing.
    """
    if path == STANDARD_INPUT:
        return "stdin"
    path = shown(path).removesuffix("?...")
    stem = path.rstrip("/").rpartition("/")[2].rpartition(".")[0] or path
    name = _NOT_IN_NAMES.sub("-", stem).strip("-._")[:MAX_SESSION_BYTES] or "recording"
    return f"recording-{name}"[:MAX_SESSION_BYTES] if reads_as_value(name) else name


def session_names(paths: Sequence[str]) -> list[str]:
    """A session's name for each file, no two alike: two series of one name would be taken for one.

    Where files are named alike, their folder's name goes before; where that is alike too, or is
    none, they are numbered.
    """
    paths = [shown(path) for path in paths]
    names = [session_name(path) for path in paths]
    alike = {name for name, count in Counter(names).items() if count > 1}
    names = [
        session_name(_with_folder(path)) if name in alike else name
        for path, name in zip(paths, names, strict=True)
    ]
    for place, name in enumerate(names):
        names[place] = _numbered(name, names[:place])
    return names


def _with_folder(path: str) -> str:
    return f"{PurePath(path).parent.name}-{PurePath(path).name}"


def _numbered(name: str, taken: Sequence[str]) -> str:
    """The name, with the first number behind it that makes it another than those."""
    number, told = 1, name
    while told in taken:
        number += 1
        told = f"{name[: MAX_SESSION_BYTES - 1 - len(str(number))]}-{number}"
    return told
