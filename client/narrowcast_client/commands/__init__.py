"""Subcommands of `narrowcast` that this component brings."""
