"""Opens everything in order and closes it in reverse. The only room that names concrete classes."""

from bot.bootstrap.parley import Parley

__all__ = ["Parley"]
