"""Parley's models: weights, engines, encoders and tasks. Imports neither `bot` nor `retrieval`."""
