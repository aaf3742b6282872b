"""Networks that read valence from a chip: their data, training, evaluation and checkpoints."""
