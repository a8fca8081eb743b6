"""How to install what an extra brings. The sentence is that of `models`, which runs without `bot`."""

from __future__ import annotations

from models.extras import install

__all__ = ["install"]
