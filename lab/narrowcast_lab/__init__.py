"""What needs both ends at once: offline scoring, the demo, and the benchmarks."""
