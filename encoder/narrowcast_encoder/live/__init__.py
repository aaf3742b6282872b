"""The live shell: a thread that captures, and the connection that publishes. All I/O is here."""
