"""The read side over HTTP, server-sent events and WebSocket."""
