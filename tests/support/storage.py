"""What tests of storage keep: one person's turns in one conversation, and a reply with all that a reply may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import Channel, Choice, Citation, Outcome, Reply, Turn, User
from bot.ports import UnitOfWork

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
HERE = "console:default"
QUESTION = "How do I return it?"
CITATION = Citation("faq-7", "Returns 退货", "Within 30 days.", 0.875, "faq-7#1", 3, 18, "https://example.org/r")
REPLY = Reply(
    text="您可以在 30 天内退货。 👩🏽‍💻",
    skill="answer",
    outcome=Outcome.CURATED,
    language="zh",
    citations=(CITATION, Citation("a", "A", "p", 0.5)),
    suggestions=("How?", "怎么办？"),
    choices=(Choice("Yes", "/forget yes"), Choice("不", "/forget no")),
    private=True,
    notice="Only in Chinese.",
    timings_ms={"search": 1.5, "total": 20.25},
    model="smollm2",
    prompt_tokens=120,
    completion_tokens=7,
)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def begin(work: UnitOfWork, conversation: str = HERE, name: str = "me") -> int:
    """Ensure a conversation and a person; gives the person's id."""
    work.conversations.ensure(conversation, Channel.CONSOLE, NOW)
    return work.users.ensure(User(Channel.CONSOLE, name, name.title())).id


def turn(user_id: int, update: str = "1", text: str = QUESTION, conversation: str = HERE) -> Turn:
    return Turn(Channel.CONSOLE, conversation, user_id, text, update, NOW)


def accepted(
    work: UnitOfWork, update: str = "1", text: str = QUESTION, conversation: str = HERE, name: str = "me"
) -> Turn:
    kept, new = work.turns.accept(turn(begin(work, conversation, name), update, text, conversation))
    assert new
    return kept


def answered(
    work: UnitOfWork, update: str = "1", text: str = QUESTION, conversation: str = HERE, name: str = "me"
) -> Turn:
    kept = accepted(work, update, text, conversation, name)
    work.turns.finish(kept.id, REPLY, later(1))
    return kept
