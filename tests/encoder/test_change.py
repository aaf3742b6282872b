"""How much a face differs from what was coded last."""

import numpy as np
import pytest

from narrowcast_encoder.session.change import Change


def test_before_anything_was_coded_there_is_no_change() -> None:
    assert Change().of(np.zeros((96, 96), np.uint8)) is None


def test_the_same_chip_is_no_change_and_its_opposite_all_there_is() -> None:
    change = Change()
    change.coded(np.zeros((96, 96), np.uint8))
    assert change.of(np.zeros((96, 96), np.uint8)) == 0.0
    assert change.of(np.full((96, 96), 255, np.uint8)) == pytest.approx(1.0)


def test_noise_counts_less_than_a_mouth_that_opens() -> None:
    random = np.random.default_rng(1)
    face = np.full((96, 96), 128, np.uint8)
    change = Change()
    change.coded(face)
    noisy = np.clip(face + random.normal(0, 3, face.shape), 0, 255).astype(np.uint8)
    smiling = face.copy()
    smiling[64:80, 28:68] = 60
    by_noise, by_smile = change.of(noisy), change.of(smiling)
    assert by_noise is not None
    assert by_smile is not None
    assert by_smile > 5 * by_noise
