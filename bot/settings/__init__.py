"""Parley's settings: one typed, frozen tree, built once at the start and passed down.

settings = load_settings()          # PARLEY_… variables over parley.toml over the defaults
settings.models.device              # 'auto'
"""

from bot.settings.loading import load_settings
from bot.settings.tree import Settings

__all__ = ["Settings", "load_settings"]
