"""`python -m bot` is the command `parley`."""

from bot.cli import main

main()
