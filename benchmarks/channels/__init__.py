"""Channels under load: the real libraries against servers on loopback, in compressed time."""
