"""What both ends of the link agree on: the wire, the chip, the codec, the sample and the clock."""

__version__ = "0.1.0"
