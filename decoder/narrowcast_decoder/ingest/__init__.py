"""The write side: what publishers send, taken in frame by frame, without trusting a byte."""
