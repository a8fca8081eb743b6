"""Statements that differ between the databases, and those that must find their way by an index."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, make_url

from bot.domain import Channel
from bot.ports import UnitOfWork
from bot.storage import turns
from bot.storage.sql import SqlStorage
from tests.support.storage import HERE, NOW, answered


def test_two_processes_on_postgresql_cannot_change_a_turn_at_once() -> None:
    postgresql, sqlite = (make_url(url).get_dialect()() for url in ("postgresql+psycopg://", "sqlite://"))
    assert str(turns._TURN_TO_CHANGE.compile(dialect=postgresql)).endswith("FOR NO KEY UPDATE")
    assert "FOR NO KEY" not in str(turns._TURN_TO_CHANGE.compile(dialect=sqlite))  # its writers queue anyway


@pytest.mark.parametrize(
    ("read", "index"),
    [
        (lambda work: work.conversations.history(HERE, 20), "ix_messages_conversation_id_id"),
        (lambda work: work.conversations.history(HERE, 20, 1), "ix_messages_conversation_id_id"),
        (lambda work: work.conversations.with_people(Channel.CONSOLE), "ix_turns_conversation_id_id"),
        (lambda work: work.turns.of_message(Channel.CONSOLE, "", HERE, "5"), "ix_turns_conversation_id_message_id"),
        (lambda work: work.turns.latest(HERE, 1), "ix_turns_conversation_id_id"),
        (lambda work: work.turns.count_since(1, NOW), "ix_turns_user_id_received_at"),
        (lambda work: work.parts.turn_of(Channel.CONSOLE, "", HERE, "900"), "ix_parts_external_id"),
        (lambda work: work.access.by_code(Channel.CONSOLE, "CODE"), "ix_access_code"),
        (lambda work: work.opinions.list(), "ix_opinions_given_at"),
    ],
    ids=["history", "own history", "with_people", "of_message", "latest", "count", "turn_of", "by_code", "opinions"],
)
def test_what_is_often_asked_goes_by_an_index(database_url: str, read: Any, index: str) -> None:
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plan = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[-1] for row in plan.fetchall())

    def work(work: UnitOfWork) -> None:
        answered(work)

    storage = SqlStorage(database_url)
    asyncio.run(storage.run(work))
    event.listen(storage._engines.read, "before_cursor_execute", explain)
    asyncio.run(storage.read(read))
    storage.close()
    assert any(index in step for step in plans), plans
