"""Parley, a self-hosted chat assistant that answers from the operator's own knowledge base."""

__version__ = "0.1.0"
