"""The live series in the terminal: pure drawing of a bounded history, and a thin shell."""
