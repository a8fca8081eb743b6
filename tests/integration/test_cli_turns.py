"""`parley turns`: what waits, what went wrong, and how to have it tried again; never people's words unasked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain import Channel, Delivery, Doubt, Turn, TurnState, User
from bot.ports import UnitOfWork
from bot.settings import load_settings
from bot.storage.sql import SqlStorage
from tests.integration.conftest import Parley

WORDS = "my most private words"
NOW = datetime.now(UTC)


@pytest.fixture
async def ids(parley: Parley, settings: Path) -> dict[str, int]:
    """Turns of every kind, by what is to be known of them."""
    assert parley("db", "upgrade").code == 0
    storage = SqlStorage(load_settings().storage_url)

    def kept(work: UnitOfWork, update: str, ago: timedelta) -> Turn:
        work.conversations.ensure("telegram:1", Channel.TELEGRAM, NOW)
        user = work.users.ensure(User(Channel.TELEGRAM, "1"))
        turn = Turn(Channel.TELEGRAM, "telegram:1", user.id, WORDS, update, NOW - ago, "b")
        return work.turns.accept(turn)[0]

    def keep(work: UnitOfWork) -> dict[str, int]:
        turns = {
            name: kept(work, name, timedelta(hours=3)) for name in ("waiting", "failed", "undeliverable", "in doubt")
        }
        work.turns.end(turns["failed"].id, TurnState.FAILED, NOW, "", "That was too much.")
        work.deliveries.ended(turns["failed"].id, Delivery.DELIVERED, 0)
        work.deliveries.ended(turns["undeliverable"].id, Delivery.UNDELIVERABLE, 0)
        work.parts.sending(turns["in doubt"].id, 0, 0)
        work.parts.doubted(turns["in doubt"].id, 0, 0, Doubt.LEFT)
        work.deliveries.ended(turns["in doubt"].id, Delivery.DELIVERED, 0)
        return {name: turn.id for name, turn in turns.items()}

    made = await storage.run(keep)
    storage.close()
    return made


def test_nothing_is_said_to_be_nothing(parley: Parley) -> None:
    done = parley("turns")
    assert (done.code, done.out) == (0, "")
    assert "No turn waits" in done.err


def test_every_turn_with_its_id_age_channel_and_why(parley: Parley, ids: dict[str, int]) -> None:
    rows = {row["turn"]: row for row in parley("turns", "--json").rows}
    assert {name: rows[id_]["why"] for name, id_ in ids.items()} == {name: name for name in ids}
    waiting = rows[ids["waiting"]]
    assert (waiting["channel"], waiting["conversation"], waiting["attempts"]) == ("telegram", "telegram:1", 0)
    assert 10_800 <= waiting["age_seconds"] < 14_400  # a busy machine is slow
    shown = parley("turns").out
    assert "3 h" in shown and "1 message may be missing" in shown and "nobody has begun" in shown
    assert WORDS not in shown + str(rows)


def test_peoples_words_only_where_they_are_asked_for(parley: Parley, ids: dict[str, int]) -> None:
    shown = parley("turns", "--show-text").out
    assert shown.count(WORDS) == len(ids) and "That was too much." in shown
    assert {row["text"] for row in parley("turns", "--show-text", "--json").rows} == {WORDS}


def test_what_failed_is_tried_again_and_what_did_not_is_told(parley: Parley, ids: dict[str, int]) -> None:
    done = parley("turns", "retry", str(ids["failed"]), str(ids["undeliverable"]), str(ids["waiting"]))
    assert done.code != 0
    assert f"turn {ids['waiting']} neither failed" in done.sentence
    whys = {row["turn"]: row["why"] for row in parley("turns", "--json").rows}
    assert whys[ids["failed"]] == whys[ids["undeliverable"]] == "waiting"
    assert parley("turns", "retry", str(ids["in doubt"]), "--json").rows == [
        {"error": f"The turn {ids['in doubt']} neither failed nor is undeliverable. See: parley turns"}
    ]


def test_the_doctor_says_what_to_look_at(parley: Parley, ids: dict[str, int]) -> None:
    found = {row["check"]: row for row in parley("doctor", "--json").rows}["turns"]
    assert (found["state"], found["do"]) == ("warn", "See: parley turns")
    assert found["found"] == (
        "1 waiting (1 of them for more than 5 minutes), 1 failed, 1 in doubt, 1 undeliverable within a day"
    )
