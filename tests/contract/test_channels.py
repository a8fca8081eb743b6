"""What every channel does alike, told from the side of the people. A channel adds its harness to HARNESSES."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from bot.domain import TurnState
from tests.support.channel_harness import ChannelHarness, MemoryChannel, long_words
from tests.support.console_harness import ConsoleChannel
from tests.support.discord_harness import DiscordHarness
from tests.support.telegram_harness import TelegramHarness

HARNESSES: dict[str, Callable[[], ChannelHarness]] = {
    "memory": MemoryChannel,
    "memory with drafts": partial(MemoryChannel, drafts=True),
    "console": ConsoleChannel,
    "discord": DiscordHarness,
    "telegram": TelegramHarness,
}


@pytest.fixture(params=HARNESSES.values(), ids=list(HARNESSES))
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[ChannelHarness]:
    async with request.param() as harness:
        yield harness


def needs(channel: ChannelHarness, *what: str) -> None:
    """Leave out a test of what the channel's platform does not have."""
    if not channel.can.issuperset(what):
        pytest.skip(f"cannot do: {', '.join(what)}")


@pytest.mark.parametrize("said", ["hello there", "你好，世界", "offer", "<b> & <i>", "a *b _c `d [e"])
async def test_a_message_is_answered_once(channel: ChannelHarness, said: str) -> None:
    alice = channel.person("Alice")
    await alice.says(said)
    await channel.until(lambda: len(alice.shown()) == 1)
    await alice.says("next")
    await channel.until(lambda: len(alice.shown()) == 2)
    assert list(alice.shown()) == [said, "next"]


async def test_an_answer_grows_before_the_eyes(channel: ChannelHarness) -> None:
    alice = channel.person("Alice")
    await alice.says("slow but sure")
    await channel.until(lambda: alice.growing() == "slow")
    channel.skill.go_on.set()
    await channel.until(lambda: list(alice.shown()) == ["slow but sure"])


async def test_messages_are_answered_in_order(channel: ChannelHarness) -> None:
    alice = channel.person("Alice")
    await alice.says("slow one")
    await alice.says("two")
    await alice.says("three")
    channel.skill.go_on.set()
    await channel.until(lambda: list(alice.shown()) == ["slow one", "two", "three"])


async def test_a_stopped_answer_keeps_what_was_seen(channel: ChannelHarness) -> None:
    alice = channel.person("Alice")
    await alice.says("slow one")
    await channel.until(lambda: alice.growing() == "slow")
    await alice.says("/stop")
    await channel.until(lambda: len(alice.shown()) == 1 and "(stopped)" in alice.shown()[0])
    assert alice.shown()[0].startswith("slow") and "one" not in alice.shown()[0]
    await alice.says("more")
    await channel.until(lambda: len(alice.shown()) == 2)
    assert alice.shown()[1] == "more"


async def test_a_text_that_is_too_long_is_told(channel: ChannelHarness) -> None:
    channel.desk.inbox._max_characters = 20
    alice = channel.person("Alice")
    await alice.says("word " * 20)
    await channel.until(lambda: "at most 20" in " ".join(" ".join(alice.shown()).split()))
    await alice.says("short")
    await channel.until(lambda: alice.shown()[-1] == "short")
    assert [request.text for request in channel.skill.heard] == ["short"]


async def test_a_command_that_there_is_not_is_told(channel: ChannelHarness) -> None:
    alice = channel.person("Alice")
    await alice.says("/nonsense")
    await channel.until(lambda: len(alice.shown()) == 1)
    assert "/nonsense" in alice.shown()[0]


async def test_a_long_answer_is_whole(channel: ChannelHarness) -> None:
    needs(channel, "parts")
    alice = channel.person("Alice")
    words = long_words(3000)
    await alice.says(f"long {len(words)}")
    await channel.until(lambda: " ".join(alice.shown()).replace("\n", " ").endswith(words[-1]))
    assert len(alice.shown()) > 1
    assert "".join("".join(alice.shown()).split()) == "".join(words)


async def test_a_restart_in_the_middle_of_an_answer_loses_and_doubles_nothing(channel: ChannelHarness) -> None:
    needs(channel, "restart")
    alice = channel.person("Alice")
    await alice.says("slow but sure")
    await alice.says("and then")
    await channel.until(lambda: alice.growing() == "slow")
    await channel.restart()
    channel.skill.go_on.set()
    await channel.until(lambda: len(alice.shown()) == 2 and alice.shown()[1] == "and then")
    assert list(alice.shown()) == ["slow but sure", "and then"]


async def test_an_edited_question_is_answered_anew_in_place(channel: ChannelHarness) -> None:
    needs(channel, "edits")
    alice = channel.person("Alice")
    message = await alice.says("slow but wrong")
    await channel.until(lambda: alice.growing() == "slow")
    await alice.edits(message, "quick and right")
    await channel.until(lambda: list(alice.shown()) == ["quick and right"])
    await alice.edits(message, "better still")
    await channel.until(lambda: list(alice.shown()) == ["better still"])
    unfinished = await channel.desk.storage.read(lambda work: [turn.state for turn in work.turns.unfinished()])
    assert unfinished == []


async def test_an_edit_of_an_old_question_changes_nothing(channel: ChannelHarness) -> None:
    needs(channel, "edits")
    alice = channel.person("Alice")
    old = await alice.says("first")
    await channel.until(lambda: list(alice.shown()) == ["first"])
    await alice.says("second")
    await channel.until(lambda: list(alice.shown()) == ["first", "second"])
    await alice.edits(old, "other")
    await alice.says("third")
    await channel.until(lambda: len(alice.shown()) == 3)
    assert list(alice.shown()) == ["first", "second", "third"]


async def test_another_answer_takes_the_place_of_the_first(channel: ChannelHarness) -> None:
    needs(channel, "buttons")
    alice = channel.person("Alice")
    await alice.says("hello")
    await channel.until(lambda: list(alice.shown()) == ["hello"])
    await alice.presses("🔄")
    await channel.until(lambda: len(channel.skill.heard) == 2)
    await alice.says("next")
    await channel.until(lambda: len(alice.shown()) == 2)
    assert list(alice.shown()) == ["hello", "next"]
    assert [request.attempt for request in channel.skill.heard] == [0, 1, 0]


async def test_a_suggested_question_is_asked_by_its_button(channel: ChannelHarness) -> None:
    needs(channel, "buttons")
    alice = channel.person("Alice")
    await alice.says("offer")
    await channel.until(lambda: len(alice.shown()) == 1)
    await alice.presses("Second?")
    await channel.until(lambda: list(alice.shown()) == ["offer", "Second?"])


async def test_an_opinion_is_kept(channel: ChannelHarness) -> None:
    needs(channel, "buttons")
    alice = channel.person("Alice")
    await alice.says("hello")
    await channel.until(lambda: len(alice.shown()) == 1)
    assert await alice.presses("👎") == "Thank you!"
    feedback = await channel.desk.storage.read(lambda work: work.opinions.list())
    assert [(entry.opinion, entry.question, entry.answer) for entry in feedback] == [("bad", "hello", "hello")]


async def test_two_people_in_one_group_are_told_apart(channel: ChannelHarness) -> None:
    needs(channel, "groups", "buttons")
    alice, bob = channel.person("Alice", group=True), channel.person("Bob", group=True)
    await alice.says("slow question")
    await channel.until(lambda: alice.growing() == "slow")
    assert await bob.presses("⏹ Stop") == "Only the person who asked can do that."
    await bob.says("/stop")
    await bob.says("mine")
    channel.skill.go_on.set()
    await channel.until(lambda: "mine" in bob.shown())
    assert "slow question" in alice.shown()
    assert [len(request.history) for request in channel.skill.heard] == [0, 0]
    states = await channel.desk.storage.read(lambda work: [turn.state for turn in work.turns.unfinished()])
    assert TurnState.WORKING not in states
