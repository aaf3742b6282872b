"""Fuzzing of what strangers' bytes reach: the wire parser, FFmpeg, the receiver's states.

A target is a function of one byte string that returns, or raises whatever it found. The same
targets run under hypothesis in the tests and, guided by coverage, under `narrowcast bench fuzz`.
"""
