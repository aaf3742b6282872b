"""The series on Valkey or Redis: for several decoders that share them (docs/scale.md)."""
