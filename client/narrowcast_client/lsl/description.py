"""What a stream says of itself, in the words that XDF's meta-data has for it.

https://github.com/sccn/xdf/wiki/Meta-Data
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from narrowcast_client.lsl.channels import STATUS_CODES, Channel
from narrowcast_shared import __version__
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName

STREAM_TYPE = "Valence"
MARKERS_TYPE = "Markers"


class Origin(NamedTuple):
    """Where the samples come from. Times in ms; None where it is not known."""

    session: str
    decoder: str
    model: ModelName = UNKNOWN_MODEL
    clock_offset_ms: float | None = None
    clock_error_ms: float | None = None

    @property
    def name(self) -> str:
        """Of the stream of samples."""
        return f"narrowcast-{self.session}"

    @property
    def source_id(self) -> str:
        """The same after a restart: recorders take a stream up again by it."""
        return f"narrowcast {self.decoder} {self.session}"


def describe(root: Any, origin: Origin, channels: Sequence[Channel]) -> None:  # noqa: ANN401
    """Fill `desc` of a stream. root: an element as pylsl has it."""
    if channels:
        listed = root.append_child("channels")
        for channel in channels:
            _fill(listed.append_child("channel"), channel._asdict())
    acquisition = {
        "manufacturer": "narrowcast",
        "model": origin.model.name,
        "model_sha256": origin.model.sha256,
        "software_version": __version__,
        "session": origin.session,
        "decoder": origin.decoder,
    }
    _fill(root.append_child("acquisition"), acquisition)
    # Back-filled samples come behind later ones, and none is dropped.
    _fill(root.append_child("synchronization"), {"can_drop_samples": "false"})
    clocks = {
        "time_base": "t of the session, brought to the LSL clock of the machine that watches",
        "clock_offset_ms": origin.clock_offset_ms,
        "clock_error_ms": origin.clock_error_ms,
    }
    own = root.append_child("narrowcast")
    _fill(own, clocks)
    _fill(own.append_child("status_codes"), {s.value: code for s, code in STATUS_CODES.items()})


def _fill(element: Any, values: Mapping[str, object]) -> None:  # noqa: ANN401
    """One child a value; what is not known is left out."""
    for name, value in values.items():
        if value is not None:
            element.append_child_value(name, str(value))
