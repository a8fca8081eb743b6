"""What goes wrong with the token, the server, the database, and the shape of updates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot import logs
from bot.errors import ChannelError, SettingsError, StorageError, TryLater
from bot.ports import UnitOfWork
from bot.settings import load_settings
from tests.support.telegram_bench import Bench, bench, eventually
from tests.support.telegram_server import TOKEN, Call, Place, TelegramServer

T = TypeVar("T")


def told(place: Place) -> list[str]:
    return [message.text for message in place.shown() if message.author == "Parley" and not message.draft]


@pytest.mark.parametrize("token", ["987654321:AAE-another_token_than_the_right_one", "no token at all"])
async def test_a_wrong_token(home: Path, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with TelegramServer() as server:
        with pytest.raises(ChannelError, match="@BotFather") as error:
            await Bench(server, home, token=token).start()
        assert token not in str(error.value)
        assert error.value.__cause__ is None
        assert token not in caplog.text


async def test_a_revoked_token_ends_the_channel(home: Path) -> None:
    async with bench(home) as bot:
        bot.server.revoke_token()
        ended = await bot.ended()
        assert isinstance(ended, ChannelError)
        assert TOKEN not in str(ended)


async def test_telegram_cannot_be_reached_at_the_start(home: Path) -> None:
    async with TelegramServer() as server:
        await server.stop()
        with pytest.raises(TryLater, match="cannot be reached"):
            await Bench(server, home).start()


@pytest.mark.parametrize("name", ["base_url", "base_file_url"])
def test_the_token_is_not_sent_in_the_clear(home: Path, name: str) -> None:
    from bot.channels.telegram import client
    from bot.settings.channels import TelegramSettings

    with pytest.raises(SettingsError, match=f"telegram.{name}"):
        client.build(TelegramSettings.model_validate({name: "http://bots.example.org/bot"}), TOKEN)


async def test_a_second_poller_is_told_once_and_outlived(home: Path) -> None:
    async with bench(home) as bot:
        fault = bot.server.fail("getUpdates", times=3, code=409, description="Conflict: terminated by other request")
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"
        await bot.server.until(lambda: fault.met == 3)
        assert [sentence for sentence in bot.told if "Another program" in sentence] == bot.told
        assert len(bot.told) == 1


async def test_a_poll_that_breaks_goes_on(home: Path) -> None:
    async with bench(home) as bot:
        bot.server.cut("getUpdates", times=2)
        bot.server.fail("getUpdates", times=2, code=502)
        bot.server.fail("getUpdates", times=1, code=429, retry_after=1)
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"


async def test_the_server_restarts_in_the_middle_of_an_answer(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        bot.author.pieces, bot.author.held = ["one ", "two ", "three"], True
        await shop.says(alice, "/chat write")
        await bot.server.called("sendMessage")
        await bot.server.stop()
        bot.author.go()
        await bot.server.start()
        await bot.server.until(lambda: told(shop) == ["one two three"])
        await shop.says(alice, "/chat again")
        await bot.server.until(lambda: len(told(shop)) == 2)


async def test_parley_restarts_in_the_middle_of_an_answer(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        bot.author.pieces, bot.author.held = ["one ", "two ", "three"], True
        await shop.says(alice, "/chat write")
        await bot.server.called("sendMessage")
        await bot.crash()
        bot.author.held = False
        await bot.start()
        await bot.server.until(lambda: told(shop) == ["one two three"])


async def test_the_channel_starts_anew_under_an_answer_that_is_being_written(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        bot.author.pieces, bot.author.held = ["one ", "two ", "three"], True
        await shop.says(alice, "/chat write")
        await bot.server.called("sendMessage")
        await bot.restart_channel()
        bot.author.go()
        await bot.server.until(lambda: told(shop) == ["one two three"])


async def test_what_came_while_parley_was_down_is_answered_once(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await bot.crash()
        for number in range(3):
            await chat.says(alice, f"/chat {number}")
        await bot.start()
        await bot.server.until(lambda: len(told(chat)) == 3)
        await bot.crash()
        await bot.start()
        await chat.says(alice, "/chat last")
        await bot.server.until(lambda: told(chat)[-1] == "You said: last")
        assert told(chat) == [*(f"You said: {number}" for number in range(3)), "You said: last"]


class Stubborn:
    """Storage that refuses to write for a while."""

    def __init__(self, storage: Any, refusals: int) -> None:
        self._storage = storage
        self.refusals = refusals

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        if self.refusals:
            self.refusals -= 1
            raise StorageError("The disk is full.")
        found: T = await self._storage.run(work)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


async def test_an_update_is_not_confirmed_before_it_is_kept(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        storage = Stubborn(bot.storage, refusals=3)
        bot.desk.inbox._storage = storage
        await chat.says(alice, "/chat hello")
        await eventually(lambda: storage.refusals < 3)
        assert len(bot.server.world.updates.pending) == 1
        await bot.server.until(lambda: told(chat) == ["You said: hello"])
        await bot.server.until(lambda: not bot.server.world.updates.pending)
        assert len(await bot.turns()) == 1


async def test_unknown_and_broken_updates_are_left_out(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        updates: list[dict[str, Any]] = [
            {"a_kind_of_next_year": {"text": "hidden words"}},
            {"message": {"text": "hidden words"}},
            {"message": "hidden words"},
            {
                "message": {
                    "message_id": 1,
                    "date": 10**15,
                    "chat": {"id": 1, "type": "private"},
                    "text": "hidden words",
                }
            },
            {"callback_query": {"id": "1", "from": alice.user.to_json(), "chat_instance": "1"}},
            {"poll": {}},
            {},
        ]
        for update in updates:
            bot.server.raw_update(update)
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"
        assert "hidden words" not in caplog.text


async def test_a_handler_that_breaks_stops_nobody(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()

        async def broken(*_: object) -> None:
            raise RuntimeError("secret words of a person")

        right, bot.reception.receive = bot.reception.receive, broken  # type: ignore[method-assign, assignment]
        await chat.says(alice, "/chat secret words of a person")
        await eventually(lambda: "could not be taken in" in caplog.text)
        bot.reception.receive = right  # type: ignore[method-assign]
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"
        assert "secret words" not in caplog.text


async def test_a_webhook_of_an_earlier_time_is_taken_away(home: Path) -> None:
    async with TelegramServer() as server:
        server.world.hook.url = "https://bot.example.org/old"
        made = Bench(server, home)
        await made.start()
        assert server.world.hook.url == ""
        (call,) = server.calls("deleteWebhook")
        assert call.params["drop_pending_updates"] is False
        await made.crash()


async def test_the_log_holds_neither_the_token_nor_what_people_say(home: Path) -> None:
    settings = load_settings(env={"PARLEY_HOME": str(home), "PARLEY_LOG__LEVEL": "debug"})
    logs.configure(settings)
    try:
        async with bench(home) as bot:
            alice = bot.server.person("Alice Secretname")
            chat = alice.private_chat()
            bot.server.fail("sendMessage", code=502)
            bot.server.cut("getUpdates")
            await chat.says(alice, "/chat secret words")
            await bot.server.until(lambda: told(chat) == ["You said: secret words"])
            bot.server.fail("sendMessage", code=400, description="Bad Request: secret words are not wanted")
            await chat.says(alice, "/chat secret words")
            await bot.server.called("sendMessage", times=3)
            bot.server.raw_update({"message": {"text": "secret words"}})
            bot.server.revoke_token()
            await bot.ended()
    finally:
        logs.shutdown()
    written = settings.log_file.read_text("utf-8")
    assert "Telegram answers again" in written
    for hidden in (TOKEN, "secret words", "Secretname"):
        assert hidden not in written


async def test_parley_is_killed_while_it_sends_in_two_topics(home: Path) -> None:
    """Each answer stands in its own topic, once, though the messages came in another order than the questions."""
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        forum = bot.server.supergroup("Forum", alice, forum=True)
        topics = [forum.topic("one"), forum.topic("two"), forum]
        for topic, seconds in zip(topics, (0.6, 0.5, 0.4), strict=True):
            bot.server.slow("sendMessage", seconds, fits=lambda call, topic=topic: _is_in(topic, call))
        for number, topic in enumerate(topics):
            await topic.says(alice, f"/chat {number}")
        await bot.server.until(lambda: len(bot.server.calls("sendMessage")) == 3)
        await bot.crash()
        await bot.server.until(lambda: all(len(told(topic)) == 1 for topic in topics))
        await bot.start()
        await bot.server.until(lambda: [told(topic) for topic in topics] == [[f"You said: {n}"] for n in range(3)])
        await eventually(lambda: all(part.external_id for part in bot.storage._state.parts.values()))
        for number, topic in enumerate(topics):
            await topic.says(alice, f"/chat {number} again")
        await bot.server.until(lambda: all(len(told(topic)) == 2 for topic in topics))
        assert [told(topic)[0] for topic in topics] == [f"You said: {number}" for number in range(3)]


def _is_in(place: Place, call: Call) -> bool:
    return call.params.get("message_thread_id") == place.thread
