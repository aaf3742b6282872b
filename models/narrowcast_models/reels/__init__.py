"""Reels: labelled still faces made into moving clips whose valence is known at every frame.

script   who is seen when: segments, hard cuts and dissolves
motion   how each face moves: bounded, smooth, resting now and then
render   the pixels: warped, lit, mixed, noisy
"""

from narrowcast_models.reels.config import ReelConfig
from narrowcast_models.reels.reel import Reel, make, make_many

__all__ = ["Reel", "ReelConfig", "make", "make_many"]
