"""Whatever comes from the gateway, in whatever order: the bot goes on answering."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.discord_bench import Bench, bench

IDS = st.sampled_from(["channel", "dm", "guild", "alice", "bot", "message"]) | st.integers(1, 2**62).map(str)
TEXT = st.text(max_size=60) | st.sampled_from(
    ["@everyone hi", "/ask", "/learn", "/stop", "<@1> <@&2> <#3> <a:x:4>", ""]
)
TIME = st.sampled_from(["2026-05-01T12:00:00.000000+00:00", "2020-01-01T00:00:00+00:00"])
USER = st.fixed_dictionaries(
    {"id": IDS, "username": st.text(min_size=1, max_size=8), "discriminator": st.just("0"), "avatar": st.none()},
    optional={"bot": st.sampled_from([False, False, True]), "global_name": st.none() | st.text(max_size=8)},
)
ATTACHMENT = st.fixed_dictionaries(
    {
        "id": IDS,
        "filename": st.text(max_size=10),
        "size": st.integers(0, 10**9),
        "url": st.just("http://127.0.0.1:9/file"),
        "proxy_url": st.just("http://127.0.0.1:9/file"),
    },
    optional={"content_type": st.sampled_from(["text/plain", "image/png"])},
)
EMBED = st.fixed_dictionaries({}, optional={"title": st.text(max_size=9), "description": st.text(max_size=9)})
MESSAGE = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**62).map(str) | IDS,
        "channel_id": st.sampled_from(["channel", "dm"]),
        "author": USER,
        "content": TEXT,
        "timestamp": TIME,
        "edited_timestamp": st.none() | TIME,
        "tts": st.booleans(),
        "mention_everyone": st.booleans(),
        "mentions": st.lists(USER, max_size=2),
        "mention_roles": st.lists(IDS, max_size=2),
        "attachments": st.lists(ATTACHMENT, max_size=2),
        "embeds": st.lists(EMBED, max_size=2),
        "pinned": st.booleans(),
        "type": st.sampled_from([0, 0, 19]) | st.integers(0, 50),
    },
    optional={
        "guild_id": IDS,
        "flags": st.integers(0, 2**15),
        "message_reference": st.fixed_dictionaries(
            {"message_id": IDS, "channel_id": IDS}, optional={"type": st.integers(0, 3), "guild_id": IDS}
        ),
    },
)
EMOJI = st.fixed_dictionaries({"id": st.none() | IDS, "name": st.none() | st.sampled_from(["👍", "👎", "🏽", "x"])})
REACTION = st.fixed_dictionaries(
    {
        "user_id": IDS,
        "channel_id": IDS,
        "message_id": IDS,
        "emoji": st.fixed_dictionaries(
            {"id": st.none() | IDS, "name": st.none() | st.sampled_from(["👍", "👎", "🏽", "x"])}
        ),
        "type": st.integers(0, 1),
        "burst": st.booleans(),
    },
    optional={"guild_id": IDS, "message_author_id": IDS},
)
DELETION = st.fixed_dictionaries({"id": IDS, "channel_id": IDS}, optional={"guild_id": IDS})
ANY = st.dictionaries(st.sampled_from(["id", "guild_id", "channel_id", "user", "name", "type"]), IDS, max_size=5)
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["MESSAGE_CREATE", "MESSAGE_UPDATE"]), MESSAGE),
    st.tuples(st.sampled_from(["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"]), REACTION),
    st.tuples(st.just("MESSAGE_DELETE"), DELETION),
    st.tuples(st.sampled_from(["THREAD_UPDATE", "CHANNEL_UPDATE", "GUILD_ROLE_UPDATE", "TYPING_START", "NEWS"]), ANY),
)


def placed(value: Any, names: dict[str, str]) -> Any:
    """The event with the ids of those who are really there."""
    if isinstance(value, dict):
        return {key: placed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [placed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


async def survives(events: list[tuple[str, dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with bench(Path(home), settings={"keywords": ["e", "a"]}) as shop:
            message = await shop.support.says(shop.bob, "nothing special")
            there: dict[str, Any] = {
                "channel": shop.support,
                "dm": shop.alice.dm(),
                "guild": shop.guild,
                "alice": shop.alice,
                "bot": shop.server.bot,
                "message": message,
            }
            names = {name: str(thing.id) for name, thing in there.items()}
            for kind, data in events:
                event = placed(data, names)
                shop.server.dispatch(kind, event)
            await answers_still(shop)


class Errors(logging.Handler):
    """What a handler of ours could not deal with."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


@contextmanager
def without_errors() -> Iterator[None]:
    errors, logger = Errors(), logging.getLogger("bot")
    logger.addHandler(errors)
    try:
        yield
    finally:
        logger.removeHandler(errors)
    assert not errors.seen, errors.seen[0]


async def answers_still(shop: Bench) -> None:
    person = shop.server.person("Carol")
    assert (await shop.ask("hello", person)).text == "You said: hello"
    assert shop._running is not None and not shop._running.done()


# A run takes real time, so a failing one is shown as it is, without looking for a smaller one.
@settings(max_examples=25, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, min_size=40, max_size=60))
def test_a_thousand_random_events_stop_nothing(events: list[tuple[str, dict[str, Any]]]) -> None:
    with without_errors():
        asyncio.run(survives(events))
