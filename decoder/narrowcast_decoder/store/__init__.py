"""Where the series are kept: a protocol, and the stores that fulfil it."""
