"""Evaluation: the figures that go on a model's card."""
