"""The command `parley`."""

from __future__ import annotations


def main() -> None:
    """Run the command, and end with its exit code."""
    from bot.cli.app import run

    run()


__all__ = ["main"]
