"""Training: augmentation, the codec in the loop, losses, and the resumable loop."""
