"""Every fuzz target stands whatever bytes; a bug that is put in is found."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_decoder.ingest import gaps, numbering
from narrowcast_lab.fuzz import codec_target, receiver_target, wire_target
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.wire.primitives import Reader

WIRE_SEEDS, CODEC_SEEDS, RECEIVER_SEEDS = (
    target.seeds() for target in (wire_target, codec_target, receiver_target)
)


@st.composite
def changed(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with up to four of its parts replaced."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)


@settings(max_examples=300)
@given(st.binary(max_size=300) | changed(WIRE_SEEDS))
def test_wire(data: bytes) -> None:
    wire_target.run(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | changed(CODEC_SEEDS))
def test_codec(data: bytes) -> None:
    codec_target.run(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | changed(RECEIVER_SEEDS))
def test_receiver(data: bytes) -> None:
    receiver_target.run(data)


def test_a_parser_that_raises_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(_: Reader, _count: int) -> bytes:
        raise IndexError

    monkeypatch.setattr(Reader, "take", take)
    with pytest.raises(IndexError):
        wire_target.run(WIRE_SEEDS[0])


def test_a_parser_that_hoards_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(_: bytes) -> None:
        bytearray(wire_target.MAX_PARSE_BYTES + 1)
        raise ProtocolError("no")

    monkeypatch.setattr(wire_target, "parse", parse)
    with pytest.raises(AssertionError, match="allocated"):
        wire_target.run(b"")


def test_a_message_that_comes_back_as_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_target, "serialise", lambda _: WIRE_SEEDS[-1])
    with pytest.raises(AssertionError):
        wire_target.run(WIRE_SEEDS[0])


def test_a_decoder_that_forgets_to_ask_for_a_keyframe_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decode = ChipDecoder.decode

    def forgetful(self: ChipDecoder, nals: Sequence[bytes]) -> NDArray[np.uint8]:
        try:
            return decode(self, nals)
        finally:
            self.wants_keyframe = False

    monkeypatch.setattr(ChipDecoder, "decode", forgetful)
    with pytest.raises(AssertionError, match="no keyframe"):
        _run_all(codec_target.run, CODEC_SEEDS)


def test_a_decoder_that_does_not_recover_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = ChipDecoder.decode
    monkeypatch.setattr(ChipDecoder, "decode", lambda self, nals: np.zeros_like(decode(self, nals)))
    with pytest.raises(AssertionError, match="mend"):
        codec_target.run(b"")


@pytest.mark.parametrize(
    ("module", "name", "bug"),
    [
        (numbering, "fill", lambda gaps_, bps: gaps.fill(gaps_, bps)[1:]),  # a frame forgotten
        (numbering, "fill", lambda gaps_, bps: 2 * gaps.fill(gaps_, bps)),  # a frame twice
        (gaps.Owed, "excess", lambda _: gaps.Owed()),  # no limit
    ],
)
def test_a_receiver_that_miscounts_is_found(
    module: object, name: str, bug: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        _run_all(receiver_target.run, RECEIVER_SEEDS)


def _run_all(run: Callable[[bytes], None], inputs: Sequence[bytes]) -> None:
    for data in inputs:
        run(data)
