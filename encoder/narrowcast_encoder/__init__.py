"""The encoder: finds the face, shrinks it as far as the link demands, codes and streams it."""
