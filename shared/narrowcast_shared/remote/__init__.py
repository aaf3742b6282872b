"""Reaching a decoder: where it is, when to try again, and what a refusal means."""
