"""Chips in, estimates out: one interface, ONNX Runtime behind it on a CPU and PyTorch on a GPU."""

from narrowcast_models.recogniser.interface import CPU, CodedChip, Reading, Recogniser
from narrowcast_models.recogniser.precision import Precision

__all__ = ["CPU", "CodedChip", "Precision", "Reading", "Recogniser"]
