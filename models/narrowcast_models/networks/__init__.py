"""Networks. Each maps a canvas and its coding to a reading; none knows of files or sockets."""
