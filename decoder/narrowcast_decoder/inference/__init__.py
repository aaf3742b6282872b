"""From taken frames to samples: decode every access unit, read all chips in one batch."""
