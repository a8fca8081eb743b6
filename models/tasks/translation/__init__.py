"""Translating with care: what must not change comes back as it was, whatever the model makes of it."""
