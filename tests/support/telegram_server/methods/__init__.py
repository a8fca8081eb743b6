"""The Bot API's methods, a file for each group of them."""

from tests.support.telegram_server.methods import (
    about_chats,
    commands,
    editing,
    identity,
    polling,
    queries,
    sending,
)
from tests.support.telegram_server.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "about_chats", "commands", "editing", "identity", "polling", "queries", "sending"]
