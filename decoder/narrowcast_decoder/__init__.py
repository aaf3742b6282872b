"""The decoder: takes streams in, reads their valence, and serves the series to anyone."""
