"""The live page at `/`: what a browser loads, and how it is given."""
