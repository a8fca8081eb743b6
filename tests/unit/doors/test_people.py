"""What is kept of people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.domain import Access, AccessState, Channel, Citation, Opinion, Outcome, Preferences, Reply, Turn, User
from bot.doors.people import PeopleDoor
from bot.errors import NotFound
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = User(Channel.TELEGRAM, "1", "Ann")


async def turn_of(storage: MemoryStorage, user: User, text: str, conversation: str = "telegram:1") -> Turn:
    def keep(work: UnitOfWork) -> Turn:
        person = work.users.ensure(user)
        work.conversations.ensure(conversation, user.channel, NOW)
        turn, _ = work.turns.accept(Turn(user.channel, conversation, person.id, text, text, NOW))
        cited = (Citation("returns", "Returns", "30 days", 0.9),)
        work.turns.finish(turn.id, Reply(f"You said {text}.", "answer", Outcome.CURATED, "en", cited), NOW)
        return turn

    return await storage.run(keep)


async def test_preferences_are_kept() -> None:
    storage = MemoryStorage()
    turn = await turn_of(storage, ANN, "hi")
    people = PeopleDoor(storage)
    await people.set_preferences(turn.user_id, Preferences("zh", "Tutor"))
    assert await people.preferences(turn.user_id) == Preferences("zh", "Tutor")
    with pytest.raises(NotFound):
        await people.set_preferences(999, Preferences())


async def test_a_conversations_values_are_kept() -> None:
    storage = MemoryStorage()
    await turn_of(storage, ANN, "hi")
    people = PeopleDoor(storage)
    assert await people.conversation_values("telegram:1") == {}
    await people.set_conversation_values("telegram:1", {"answer": "always"})
    assert await people.conversation_values("telegram:1") == {"answer": "always"}


async def test_forgetting_here_and_everywhere() -> None:
    storage, people_of = MemoryStorage(), PeopleDoor
    people = people_of(storage)
    await turn_of(storage, ANN, "here")
    await turn_of(storage, ANN, "there", "telegram:-100")
    turn = await turn_of(storage, ANN, "forget")
    assert await people.forget(turn, everywhere=False) == 2
    assert await people.forget(turn, everywhere=True) == 2
    assert await storage.read(lambda work: work.turns.get(turn.id)) is not None


async def test_an_export_holds_all_that_is_kept() -> None:
    storage = MemoryStorage()
    turn = await turn_of(storage, ANN, "您好")
    other = await turn_of(storage, User(Channel.TELEGRAM, "2"), "not hers", "telegram:-100")
    await storage.run(lambda work: work.access.set(turn.user_id, AccessState.ALLOWED, NOW))
    await storage.run(lambda work: work.opinions.give(turn.id, turn.user_id, Opinion.GOOD, NOW))
    await storage.run(lambda work: work.opinions.give(turn.id, other.user_id, Opinion.BAD, NOW))
    content = json.loads(await PeopleDoor(storage, now=lambda: NOW).export(turn.user_id))
    assert content == {
        "format": "parley-export",
        "version": 1,
        "exported_at": "2026-03-01T12:00:00+00:00",
        "person": {"channel": "telegram", "id": "1", "name": "Ann"},
        "access": {"state": "allowed", "since": "2026-03-01T12:00:00+00:00"},
        "settings": {"language": None, "persona": None, "values": {}},
        "conversations": [
            {
                "id": "telegram:1",
                "channel": "telegram",
                "began_at": "2026-03-01T12:00:00+00:00",
                "messages": [
                    {"role": "user", "at": "2026-03-01T12:00:00+00:00", "text": "您好"},
                    {
                        "role": "assistant",
                        "at": "2026-03-01T12:00:00+00:00",
                        "text": "You said 您好.",
                        "sources": ["Returns"],
                    },
                ],
            }
        ],
        "opinions": [{"opinion": "good", "at": "2026-03-01T12:00:00+00:00", "of": "You said 您好."}],
    }


async def test_a_code_lets_its_person_in() -> None:
    async def confirm(channel: Channel, code: str) -> Access | None:
        return Access(ANN, AccessState.ALLOWED, NOW) if (channel, code) == (Channel.TELEGRAM, "GOOD") else None

    people = PeopleDoor(MemoryStorage(), confirm)
    assert await people.confirm(Channel.TELEGRAM, "GOOD") == ANN
    assert await people.confirm(Channel.DISCORD, "GOOD") is None
    assert await PeopleDoor(MemoryStorage()).confirm(Channel.TELEGRAM, "GOOD") is None
