"""The last chip is kept, by reference, where that is allowed; elsewhere nothing could keep it."""

import gc

import numpy as np

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.preview.contexts import PreviewedContexts

from .faces import chips, frames, received


def test_the_last_chip_is_kept_as_it_was_decoded() -> None:
    contexts = PreviewedContexts(session="cam")
    assert contexts.last is None
    coded = frames(3)
    for frame, chip in zip(coded, chips(3), strict=True):
        decoded = contexts.decode(frame)
        assert contexts.last is not None
        assert contexts.last == (frame, decoded)
        assert contexts.last[1] is decoded, "not a copy"
        assert np.abs(decoded.astype(int) - chip).mean() < 4


def test_what_was_kept_never_changes() -> None:
    """It is read on another thread while the next one is decoded."""
    contexts, (first, *others) = PreviewedContexts(), frames(5)
    contexts.decode(first)
    assert contexts.last is not None
    _, pixels = contexts.last
    before = pixels.copy()
    for frame in others:
        contexts.decode(frame)
    assert np.array_equal(pixels, before)


def test_what_cannot_be_decoded_leaves_the_last_face() -> None:
    contexts = received(2)
    last = contexts.last
    broken = frames(3)[2]._replace(nals=(b"\x41\x00\x01",))
    assert contexts.decode(broken) is None
    assert contexts.last is last
    assert contexts.keyframe_wanted is not None


def test_contexts_of_others_keep_no_pixels() -> None:
    contexts = RungContexts(session="cam")
    for frame in frames(3):
        contexts.decode(frame)
    gc.collect()
    held = [contexts, *vars(contexts).values(), *contexts._decoders.values()]
    held += [value for each in contexts._decoders.values() for value in vars(each).values()]
    assert not [each for each in held if isinstance(each, np.ndarray | tuple)]
    assert not hasattr(contexts, "last")
