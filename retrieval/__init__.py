"""Parley's knowledge base: read, split, index, search and evaluate documents. Imports neither `bot` nor `models`."""
