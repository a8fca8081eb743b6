"""The service skills: Parley's own words about itself, and what people may set, take along and delete."""

from __future__ import annotations

# Channels that can show a reply to one person alone do so for these (see `Reply.private`).
SERVICE_SKILLS = frozenset(
    {"start", "help", "language", "persona", "forget", "export", "privacy", "settings", "learn", "pair"}
)
