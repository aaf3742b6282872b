"""How a face is framed: one number, the same for the encoder and for every data set."""

FRAMING = 1.06
"""Side of the chip's square by the longer side of the detector's box: FER+'s framing."""
