"""A thousand updates of valid shape, made at random: the bot takes them all, and answers the next person."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.telegram_bench import bench

BOT = {"id": 987654321, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}
EXAMPLES, EACH = 25, 40

ids = st.integers(1, 2**52)
texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["/ask", "/stop", "/forget yes", "/start faq-1", "@parley_bot 你好", "/chat@parley_bot x", "/learn"]
    ),
)
people = st.fixed_dictionaries(
    {"id": ids, "is_bot": st.booleans(), "first_name": st.text(max_size=5)},
    optional={"language_code": st.sampled_from(["en", "zh-hans", "??", ""]), "username": st.just("somebody")},
)
chats = st.one_of(
    st.fixed_dictionaries({"id": ids, "type": st.just("private"), "first_name": st.text(max_size=5)}),
    st.fixed_dictionaries(
        {
            "id": ids.map(lambda number: -number),
            "type": st.sampled_from(["group", "supergroup", "channel", "new kind"]),
        },
        optional={"title": st.text(max_size=5), "is_forum": st.booleans()},
    ),
)
entities = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["mention", "bot_command", "bold", "text_mention", "a new kind"]),
            "offset": st.integers(-3, 50),
            "length": st.integers(-3, 50),
        },
        optional={"user": people},
    ),
    max_size=2,
)
documents = st.fixed_dictionaries(
    {"file_id": st.text("ab", min_size=1, max_size=4), "file_unique_id": st.just("u")},
    optional={"file_name": st.text(max_size=9), "file_size": st.integers(0, 2**40), "mime_type": st.text(max_size=9)},
)


def messages(nested: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    optional: dict[str, st.SearchStrategy[Any]] = {
        "from": st.one_of(people, st.just(BOT)),
        "text": texts,
        "caption": texts,
        "entities": entities,
        "document": documents,
        "message_thread_id": ids,
        "is_topic_message": st.booleans(),
        "via_bot": st.just(BOT),
        "sender_chat": chats,
        "forum_topic_created": st.just({"name": "x", "icon_color": 1}),
        "quote": st.fixed_dictionaries({"text": texts, "position": st.integers(0, 9)}),
        "left_chat_member": people,
        "migrate_to_chat_id": ids,
        "a_field_of_next_year": st.just({"x": 1}),
    }
    if not nested:
        optional["reply_to_message"] = messages(nested=True)
    return st.fixed_dictionaries({"message_id": ids, "date": st.integers(0, 2**31), "chat": chats}, optional=optional)


reactions = st.lists(st.sampled_from("👍👎🎉").map(lambda emoji: {"type": "emoji", "emoji": emoji}), max_size=2)
updates = st.one_of(
    messages().map(lambda message: {"message": message}),
    messages().map(lambda message: {"edited_message": message}),
    messages().map(lambda message: {"channel_post": message}),
    st.fixed_dictionaries(
        {"id": st.just("77"), "from": people, "chat_instance": st.just("1")},
        optional={
            "message": messages(),
            "inline_message_id": st.just("x"),
            "data": st.sampled_from(["p1:again:1", "p1:say:1:0", "p9:x", "", "p1:stop:999999999"]),
        },
    ).map(lambda query: {"callback_query": query}),
    st.fixed_dictionaries({"id": st.just("78"), "from": people, "query": texts, "offset": st.just("")}).map(
        lambda query: {"inline_query": query}
    ),
    st.fixed_dictionaries(
        {"chat": chats, "message_id": ids, "date": st.just(1), "old_reaction": reactions, "new_reaction": reactions},
        optional={"user": people, "actor_chat": chats},
    ).map(lambda reaction: {"message_reaction": reaction}),
    st.fixed_dictionaries({"x": st.text(max_size=3)}).map(lambda body: {"an_update_of_next_year": body}),
)


MISTAKES = ("an update could not be taken in", "an update is left out", "a side task failed")


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(made=st.lists(updates, min_size=EACH, max_size=EACH))
def test_none_of_a_thousand_updates_stops_the_bot(caplog: pytest.LogCaptureFixture, made: list[dict[str, Any]]) -> None:
    caplog.clear()
    with TemporaryDirectory() as folder:
        asyncio.run(_take(Path(folder), made))
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert not [line for line in said if line.startswith(MISTAKES)]


async def _take(home: Path, made: list[dict[str, Any]]) -> None:
    async with bench(home, settings={"answer": "always", "reactions": True}) as bot:
        for update in made:
            bot.server.raw_update(update)
        alice = bot.server.person("Alice")
        await alice.private_chat().says(alice, "/chat still there?")
        answer = await alice.private_chat().answer(20.0)
        assert answer.text == "You said: still there?"
        await bot.server.until(lambda: not bot.server.world.updates.pending)


async def test_what_no_database_keeps_is_replaced_wherever_it_stands(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        message = (await alice.private_chat().says(alice, "/chat one")).to_json()
        await alice.private_chat().answer()
        nul = {"from": message["from"] | {"first_name": "A\x00"}, "text": "/chat t\x00wo", "message_id": 9}
        bot.server.raw_update({"message": message | nul})
        await bot.server.until(lambda: alice.private_chat().shown()[-1].text == "You said: t\ufffdwo")


@pytest.mark.parametrize("text", ["", " ", "\u200b", "@parley_bot"])
async def test_a_message_of_nothing_stops_nobody(home: Path, text: str) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        message = (await alice.private_chat().says(alice, "/chat one")).to_json()
        await alice.private_chat().answer()
        bot.server.raw_update({"message": message | {"text": text, "message_id": 9, "entities": []}})
        await alice.private_chat().says(alice, "/chat two")
        await bot.server.until(lambda: alice.private_chat().shown()[-1].text == "You said: two")
