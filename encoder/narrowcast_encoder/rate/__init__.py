"""Rate control: pure laws with time as an argument. What to send, decided frame by frame."""
