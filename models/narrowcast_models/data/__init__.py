"""Data sets: each loader returns `LabelledFaces` and says what is missing where it is."""
