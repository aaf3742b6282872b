"""Reels: labelled still faces made into moving clips whose valence is known at every frame.

script   who is seen when: segments, hard cuts and dissolves
motion   how each face moves: bounded, smooth, resting now and then
borrowed what faces do in real clips, for stills to do likewise
render   the pixels: warped, lit, mixed, noisy
"""

from narrowcast_models.reels.config import ON_FILM, ReelConfig
from narrowcast_models.reels.reel import Reel, make, make_many

__all__ = ["ON_FILM", "Reel", "ReelConfig", "make", "make_many"]
