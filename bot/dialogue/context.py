"""What a skill is told besides the text: the talk so far, what the person set, and what the message quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain import Citation, Message, Outcome, Preferences, Role, Turn
from bot.domain.text import clean
from bot.ports import UnitOfWork

SPARE = 2  # times as many messages are read as are told, since Parley's own words are left out
MIN_PART = 24  # letters; a shorter quotation stands in many messages by chance
# A translation's and a summary's language is that of a text, not the one that the person speaks.
_OF_TEXTS = frozenset({"translate", "summarise"})


@dataclass(frozen=True, slots=True)
class Context:
    """`history` is oldest first, without this turn and without Parley's own words (help, settings, …)."""

    history: Sequence[Message]
    preferences: Preferences
    values: Mapping[str, str] = field(default_factory=dict)  # of the conversation

    def language(self) -> str:
        """The language that was spoken last, empty where the talk does not tell."""
        spoken = (message.language for message in reversed(self.history) if message.skill not in _OF_TEXTS)
        return next((language for language in spoken if language), "")


def read_context(work: UnitOfWork, turn: Turn, history_turns: int) -> Context:
    """The talk before a turn; in a group, what this person said and was told."""
    limit = 2 * history_turns
    said: Sequence[Message] = ()
    if limit:
        person = turn.user_id if turn.origin.group else None
        said = work.conversations.history(turn.conversation_id, SPARE * limit + 1, person)
    # A message that came while this one waited has a higher turn, and is answered later.
    before = _as_asked([message for message in said if message.turn_id < turn.id])[-limit:]
    values = work.conversations.values(turn.conversation_id)
    return Context(_with_quoted(before, turn), work.users.preferences(turn.user_id), values)


def _as_asked(messages: Sequence[Message]) -> list[Message]:
    """Without Parley's own words and what called for them; a deep link counts as the question that it names."""
    own = {message.turn_id for message in messages if message.outcome is Outcome.SERVICE}
    named: dict[int, Citation] = {
        message.turn_id: message.citations[0] for message in messages if message.skill == "answer" and message.citations
    }
    return [
        replace(message, text=named[message.turn_id].title) if _is_deep_link(message, named) else message
        for message in messages
        if message.turn_id not in own
    ]


def _is_deep_link(message: Message, named: dict[int, Citation]) -> bool:
    return message.role is Role.USER and message.turn_id in named and message.text.startswith("/start")


def _with_quoted(messages: list[Message], turn: Turn) -> list[Message]:
    """What the message replies to was said just now, unless it is among the messages already."""
    quoted = clean(turn.origin.quoted)
    if not quoted or any(_same(quoted, message.text) for message in messages):
        return messages
    role = Role.ASSISTANT if turn.origin.quoted_ours else Role.USER
    return [*messages, Message(role, quoted, turn.received_at, turn_id=0)]


def _same(quoted: str, said: str) -> bool:
    """Whether a quotation is of that message: a platform shows it without marks, and perhaps only a part of it."""
    shown, whole = _letters(quoted), _letters(said)
    return bool(shown) and (shown == whole or (len(shown) >= MIN_PART and shown in whole))


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
