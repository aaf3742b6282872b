"""A session as streams of the Lab Streaming Layer (labstreaminglayer.org), for `watch --lsl`."""
