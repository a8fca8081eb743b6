"""Parley's own errors. Each message is a sentence for the person, and says what to do. `exit_code` is the command's.

ParleyError (1)
├── SettingsError (2)       a setting is unknown or ill-typed, or a file named in one is missing
├── UsageError (2)          the command's words do not fit
├── InvalidInput (2)        a message or file cannot be worked on as it is
├── NotFound (3)            no such conversation, document or skill
├── StorageError (4)        the database cannot be reached, is full, or is of a newer version
├── KnowledgeError (5)      the knowledge base or its index failed
├── ModelUnavailable (6)    weights are missing, or no model of the profile can do what was asked
├── SkillFailed (7)         a skill could not finish its turn
├── ChannelError (8)        a platform refuses: wrong token, second poller, missing intents
└── DeliveryError (9)       a message cannot be sent
    ├── TryLater            flood control or a broken connection: the same call may work later
    ├── MessageGone         the message to be edited is no longer there
    └── Unreachable         the platform says never: blocked, deleted, forbidden
"""

from __future__ import annotations


class ParleyError(Exception):
    """The root of Parley's errors; its text is shown to the operator as it is.

    Where a visitor can see the error, `text_id` names the sentence in the message catalogue that says it in the
    visitor's language, with `values` in its places.
    """

    exit_code = 1

    def __init__(self, message: str, *, text_id: str = "", **values: str | int | float) -> None:
        super().__init__(message)
        self.text_id = text_id
        self.values = values


class SettingsError(ParleyError):
    """A setting is unknown or ill-typed: says its name, what was found, and what is allowed."""

    exit_code = 2


class UsageError(ParleyError):
    """The command's words do not fit."""

    exit_code = 2


class InvalidInput(ParleyError):  # noqa: N818 - reads as a sentence where it is raised
    """A message or file cannot be worked on as it is."""

    exit_code = 2


class NotFound(ParleyError):  # noqa: N818
    """No such conversation, document or skill."""

    exit_code = 3


class StorageError(ParleyError):
    """The database cannot be reached, is full, or is of a newer version."""

    exit_code = 4


class KnowledgeError(ParleyError):
    """The knowledge base or its index failed."""

    exit_code = 5


class ModelUnavailable(ParleyError):  # noqa: N818
    """Weights are missing, or no model of the profile can do what was asked."""

    exit_code = 6


class SkillFailed(ParleyError):  # noqa: N818
    """A skill could not finish its turn."""

    exit_code = 7


class ChannelError(ParleyError):
    """A platform refuses to work with us: wrong token, second poller, missing intents."""

    exit_code = 8


class DeliveryError(ParleyError):
    """A message cannot be sent. The message names no words of people."""

    exit_code = 9


class TryLater(DeliveryError):  # noqa: N818
    """Flood control or a broken connection: the same call may work later. `after` is what the platform asks for, in
    seconds, None where it says nothing. `doubtful`: the call may have taken effect, as only its answer was lost.
    """

    def __init__(self, message: str, after: float | None = None, *, doubtful: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.doubtful = doubtful


class MessageGone(DeliveryError):  # noqa: N818
    """The message to be edited is no longer there."""


class Unreachable(DeliveryError):  # noqa: N818
    """The platform says never: blocked, deleted, forbidden."""


class TakenOver(ParleyError):  # noqa: N818
    """Another process has taken the turn up meanwhile; this one leaves it alone."""


def exit_code_of(name: str) -> int:
    """The exit code of an error by its class's name, as `Failed.code` carries it; that of SkillFailed for others."""
    found = globals().get(name)
    return found.exit_code if isinstance(found, type) and issubclass(found, ParleyError) else SkillFailed.exit_code
