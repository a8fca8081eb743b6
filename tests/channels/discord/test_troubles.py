"""What goes wrong on Discord: floods, breaks, restarts, deletions, broken markup. Nothing is lost, doubled or cut."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import KeepAliveHandler

from bot.channels.discord import catch_up, connection
from bot.channels.discord.client import ParleyClient
from bot.delivery.ports import Pace
from bot.errors import ChannelError, SettingsError, StorageError
from bot.ports import UnitOfWork
from tests.support.discord_bench import Bench, bench, eventually, spoken
from tests.support.discord_server.channels import Channel

LONG = "\n\n".join(
    [f"Paragraph {number}: " + "lorem ipsum dolor sit amet " * 12 for number in range(60)]
    + ["```python", *(f"line_{number} = {number}" for number in range(600)), "```", "The end."]
)


async def at_once(client: ParleyClient, shard_id: int | None, *, initial: bool = False) -> None:
    """Instead of the 5 seconds that Discord asks for between two sessions."""


class Counting:
    """How many sessions have begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times, ready = 0, ParleyClient.on_shard_ready

        async def on_shard_ready(client: ParleyClient, shard: int) -> None:
            self.times += 1
            await ready(client, shard)

        monkeypatch.setattr(ParleyClient, "on_shard_ready", on_shard_ready)


def said_in(channel: Channel) -> str:
    return "\n".join(message.text for message in channel.bot_messages())


async def whole(shop: Bench, text: str) -> None:
    """Wait until the answer ends with that text and no button says that it grows."""
    dm = shop.alice.dm()
    await eventually(lambda: text in said_in(dm) and "👍" in " ".join(dm.bot_messages()[-1].buttons))


async def test_thirty_thousand_characters_with_code_come_whole_and_in_order(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces = re.findall(r"(?s).{1,400}", LONG)
        assert len(LONG) > 29_000
        await shop.alice.dm().says(shop.alice, "a long story")
        await whole(shop, "The end.")
        messages = shop.alice.dm().bot_messages()
        assert all(len(message.text) <= 2000 and message.text.count("```") % 2 == 0 for message in messages)
        shown = re.sub(r"```(python)?|\s", "", said_in(shop.alice.dm()))
        assert shown == re.sub(r"```(python)?|\s", "", LONG)
        assert all(not message.buttons for message in messages[:-1])


async def test_a_storm_of_429s_neither_loses_nor_doubles(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces = re.findall(r"(?s).{1,700}", LONG[:9000])
        shop.server.fail("POST", "/channels/*/messages", 3, status=429, retry_after=0.05)
        shop.server.fail("PATCH", "/channels/*/messages/*", 5, status=429, retry_after=0.05)
        await shop.alice.dm().says(shop.alice, "a story")
        await whole(shop, LONG[:9000][-20:].strip())
        assert re.sub(r"\s", "", said_in(shop.alice.dm())) == re.sub(r"\s", "", LONG[:9000])


async def test_an_answer_whose_acknowledgement_is_lost_is_not_doubled(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.server.cut("POST", "/channels/*/messages", after_effect=True)
        assert (await shop.ask("hello")).text == "You said: hello"
        assert len(shop.server.calls("POST", "/channels/*/messages")) == 2


async def test_a_restart_in_the_middle_of_an_answer_goes_on_in_the_same_message(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four."], True
        await shop.alice.dm().says(shop.alice, "count")
        message = await eventually(lambda: next(iter(shop.alice.dm().bot_messages()), None))
        await shop.crash()
        shop.author.held = False
        await shop.start()
        await eventually(lambda: message.text == "One two three four.")
        assert len(shop.alice.dm().bot_messages()) == 1


async def test_discord_itself_goes_away_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four."], True
        await shop.alice.dm().says(shop.alice, "count")
        message = await eventually(lambda: next(iter(shop.alice.dm().bot_messages()), None))
        await shop.server.stop()
        shop.author.go()
        await shop.server.start()
        await eventually(lambda: message.text == "One two three four.")
        assert len(shop.alice.dm().bot_messages()) == 1


async def test_an_edit_during_an_answer_begins_it_anew_in_place(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four."], True
        dm = shop.alice.dm()
        question = await dm.says(shop.alice, "count")
        message = await eventually(lambda: next(iter(dm.bot_messages()), None))
        shop.author.pieces, shop.author.held = ["Uno, dos."], False
        await dm.edits(question, "count in Spanish")
        await eventually(lambda: message.text == "Uno, dos.")
        assert len(dm.bot_messages()) == 1
        assert shop.author.requests[-1].text == "count in Spanish"


async def test_an_edit_of_the_last_question_is_answered_in_place(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        dm = shop.alice.dm()
        question = await dm.says(shop.alice, "one")
        answer = await dm.answer()
        await dm.edits(question, "two")
        await eventually(lambda: answer.text == "You said: two")
        assert len(dm.bot_messages()) == 1


async def test_a_question_that_is_deleted_is_not_answered_further(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four."], True
        dm = shop.alice.dm()
        question = await dm.says(shop.alice, "count")
        await eventually(lambda: dm.bot_messages())
        await dm.deletes(question)
        await eventually(lambda: not dm.bot_messages())


async def test_an_answer_that_is_deleted_while_it_grows_is_sent_anew(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four."], True
        dm = shop.alice.dm()
        await dm.says(shop.alice, "count")
        message = await eventually(lambda: next(iter(dm.bot_messages()), None))
        await dm.deletes(message)
        shop.author.go()
        await eventually(lambda: [each.text for each in dm.bot_messages()] == ["One two three four."])


async def test_a_reaction_is_an_opinion(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        answer = await shop.ask(f"{shop.me} hello", where=shop.support)
        await shop.support.reacts(shop.bob, answer, "👎")
        await eventually(lambda: shop.storage._state.opinions)
        await shop.support.unreacts(shop.bob, answer, "👎")
        await eventually(lambda: not shop.storage._state.opinions)


@pytest.mark.parametrize(
    "broken", ["**bold _and `code", "```py\nprint(1)", "| a | b |\n|---|---|\n| 1 |", "> [x](", "#"]
)
async def test_broken_markup_is_shown_all_the_same(tmp_path: Path, broken: str) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces = [broken]
        assert (await shop.ask("hello")).text.strip()


@pytest.mark.parametrize("how", ["message", "grows", "slash"])
async def test_nothing_that_is_written_pings_anyone(tmp_path: Path, how: str) -> None:
    async with bench(tmp_path) as shop:
        everything = shop.guild.role("loud", permissions=1 << 17)
        shop.guild.joins(shop.server.bot, roles=[everything])
        text = f"@everyone @here {shop.bob.mention} {everything.mention} listen"
        shop.author.pieces = [text] if how != "grows" else text.split(" ", 2) * 20
        if how == "slash":
            used = await shop.alice.slash("chat", channel=shop.support, text="go on")
            answer = await used.answer()
        else:
            answer = await shop.ask(f"{shop.me} go on", where=shop.support)
        assert "@everyone" in answer.text
        assert answer.pings() == set() and not answer.pinged
        for call in shop.server.calls():
            if call.method in {"POST", "PATCH"} and "messages" in call.path:
                assert call.body["allowed_mentions"]["parse"] == []


async def test_the_gateway_breaks_and_what_was_said_meanwhile_is_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ParleyClient, "before_identify_hook", at_once)
    async with bench(tmp_path) as shop:
        await shop.ask("before")
        shop.server.drop_gateway(resumable=True)
        assert (await shop.ask("meanwhile")).text == "You said: meanwhile"
        shop.server.drop_gateway(resumable=False)
        assert (await shop.ask("later", shop.alice)).text == "You said: later"
        assert [turn.text for turn in shop.turns()] == ["before", "meanwhile", "later"]


async def test_what_was_missed_is_caught_up_once_and_in_order(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.ask("one")
        await shop.ask(f"{shop.me} one", where=shop.support)
        await shop.stop()
        for number in ("two", "three"):
            await shop.alice.dm().says(shop.alice, number)
        await shop.support.says(shop.bob, "not for the bot")
        await shop.support.says(shop.bob, f"{shop.me} two")
        await shop.start()
        await eventually(lambda: len(shop.alice.dm().bot_messages()) == 3 and len(shop.support.bot_messages()) == 2)
        await shop.stop()
        await shop.start()
        await shop.support.says(shop.bob, f"{shop.me} three")
        await shop.kept(6)
        assert sorted(turn.text for turn in shop.turns()) == ["one", "one", "three", "three", "two", "two"]
        await eventually(lambda: len(shop.alice.dm().bot_messages()) == 3 and len(shop.support.bot_messages()) == 3)
        told = [each.text for each in shop.alice.dm().bot_messages()]
        assert told == [f"You said: {number}" for number in ("one", "two", "three")]


async def test_what_was_refused_or_obeyed_at_once_is_not_taken_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of it has left a turn, and it stands behind the last one in Discord's history."""
    monkeypatch.setattr(ParleyClient, "before_identify_hook", at_once)
    async with bench(tmp_path) as shop:
        shop.desk.inbox._max_characters = 20
        dm = shop.alice.dm()
        await shop.ask("one")
        for text, told in (("/stop", "nothing to stop"), ("two " * 20, "too long")):
            assert told in (await shop.ask(text)).text
        shop.server.drop_gateway(resumable=False)
        await eventually(lambda: shop.server.calls("GET", f"/channels/{dm.id}/messages"))
        await shop.ask("two")
        assert len(dm.bot_messages()) == 4
        assert len(shop.server.calls("POST", f"/channels/{dm.id}/messages")) == 4


async def test_a_stop_of_an_earlier_run_stops_nothing_now(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.ask("one")
        await shop.stop()
        await shop.alice.dm().says(shop.alice, "two")
        await shop.alice.dm().says(shop.alice, "/stop")
        await shop.start()
        await shop.alice.dm().says(shop.alice, "three")
        await eventually(lambda: len(shop.alice.dm().bot_messages()) >= 3)
        told = [each.text for each in shop.alice.dm().bot_messages()]
        assert told == ["You said: one", "You said: two", "You said: three"]


async def test_a_first_mention_in_a_channel_is_caught_up_too(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        lobby, secret = shop.guild.text_channel("lobby"), shop.guild.text_channel("secret")
        thread = await shop.support.thread(shop.bob, "a thread")
        shop.settings = {"deny_channels": [secret.id]}
        await shop.start()
        await shop.ask("one")
        await shop.stop()
        for place in (lobby, secret, thread):
            await place.says(shop.bob, "not for the bot")
            await place.says(shop.bob, f"{shop.me} are you there?")
        await shop.start()
        for place in (lobby, thread):
            assert (await place.answer(where=spoken)).text == "You said: are you there?"
        assert len(shop.turns()) == 3
        assert not shop.server.calls("GET", f"/channels/{secret.id}/messages")


async def test_a_database_that_is_away_for_a_moment_hides_nothing_that_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as shop:
        await shop.ask("one")
        await shop.stop()
        await shop.alice.dm().says(shop.alice, "two")
        read, refused = shop.storage.read, []

        async def away(work: Callable[[UnitOfWork], Any]) -> Any:
            if work.__code__.co_names[:2] == ("list", "conversations") and not refused:
                refused.append(work)
                raise StorageError("The database is away.")
            return await read(work)

        monkeypatch.setattr(shop.storage, "read", away)
        await shop.start()
        assert (await shop.alice.dm().answer()).text == "You said: two"
        assert refused


async def test_a_channel_that_cannot_be_read_at_once_is_caught_up_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "FIRST_PAUSE", 0.05)
    async with bench(tmp_path) as shop:
        await shop.ask("one")
        await shop.stop()
        await shop.alice.dm().says(shop.alice, "two")
        shop.server.cut("GET", "/channels/*/messages", 2)
        await shop.start()
        await shop.alice.dm().says(shop.alice, "three")  # before it, or its turn would hide what was missed
        await eventually(lambda: len(shop.alice.dm().bot_messages()) == 3)
        told = [each.text for each in shop.alice.dm().bot_messages()]
        assert told == [f"You said: {number}" for number in ("one", "two", "three")]


async def test_a_place_that_cannot_be_read_holds_up_no_other_in_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ParleyClient, "before_identify_hook", at_once)
    monkeypatch.setattr(catch_up, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(catch_up, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(connection, "LONGEST_LOOK", 0.5)
    async with bench(tmp_path) as shop:
        dm, beginning = shop.alice.dm(), Counting(monkeypatch)
        await shop.ask("one")
        await shop.ask(f"{shop.me} one", where=shop.support)
        await shop.stop()
        await dm.says(shop.alice, "two")
        shop.server.cut("GET", f"/channels/{dm.id}/messages", 10_000)
        await shop.start()
        await eventually(lambda: shop.server.calls("GET", f"/channels/{dm.id}/messages"))
        seen = beginning.times
        shop.server.drop_gateway(resumable=False)
        await shop.support.says(shop.bob, f"{shop.me} two")
        await eventually(lambda: beginning.times > seen)
        await shop.support.says(shop.bob, f"{shop.me} three")
        await dm.says(shop.alice, "three")
        await eventually(lambda: len(shop.support.bot_messages()) == 3)
        told = [each.text for each in shop.support.bot_messages()]
        assert told == [f"You said: {number}" for number in ("one", "two", "three")]
        shop.server.front.faults.pending.clear()
        await eventually(lambda: len(dm.bot_messages()) == 3)
        assert [each.text for each in dm.bot_messages()] == told


async def test_what_an_ended_connection_has_not_taken_in_is_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "FIRST_PAUSE", 0.05)
    async with bench(tmp_path) as shop:
        dm = shop.alice.dm()
        await shop.ask("one")
        await shop.stop()
        await dm.says(shop.alice, "two")
        shop.server.cut("GET", f"/channels/{dm.id}/messages", 10_000)
        await shop.start()
        await dm.says(shop.alice, "three")
        await eventually(lambda: shop.server.calls("GET", f"/channels/{dm.id}/messages"))
        await shop.crash()
        await eventually(lambda: not any(task.get_name().startswith("discord.py") for task in asyncio.all_tasks()), 2)
        assert [turn.text for turn in shop.turns()] == ["one"]
        shop.server.front.faults.pending.clear()
        await shop.start()
        await eventually(lambda: len(dm.bot_messages()) == 3)
        told = [each.text for each in dm.bot_messages()]
        assert told == [f"You said: {number}" for number in ("one", "two", "three")]


async def test_a_question_that_is_deleted_before_its_turn_comes_is_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits behind what was missed there; taken in later, its answer would stand behind that of a later one."""
    monkeypatch.setattr(catch_up, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(catch_up, "LONGEST_PAUSE", 0.05)
    async with bench(tmp_path) as shop:
        dm = shop.alice.dm()
        await shop.ask("one")
        await shop.stop()
        await dm.says(shop.alice, "two")
        shop.server.cut("GET", f"/channels/{dm.id}/messages", 10_000)
        await shop.start()
        three = await dm.says(shop.alice, "three")
        await dm.says(shop.alice, "four")
        await eventually(lambda: shop.server.calls("GET", f"/channels/{dm.id}/messages"))
        await dm.deletes(three)
        shop.server.front.faults.pending.clear()
        await eventually(lambda: len(dm.bot_messages()) >= 3)
        await shop.stop()
        told = [each.text for each in dm.bot_messages()]
        assert told == [f"You said: {number}" for number in ("one", "two", "four")]


async def test_it_ends_while_it_connects_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There discord.py takes being cancelled for the end of that attempt, and waits for ever."""
    async with bench(tmp_path) as shop:
        connecting = asyncio.Event()

        async def never(client: ParleyClient, shard_id: int | None, *, initial: bool = False) -> None:
            connecting.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(ParleyClient, "before_identify_hook", never)
        shop.server.drop_gateway(resumable=False)
        await connecting.wait()
        ending = asyncio.create_task(shop.crash())
        done, _ = await asyncio.wait({ending}, timeout=5)
        ending.cancel()
        assert done
        hearts = [thread for thread in threading.enumerate() if isinstance(thread, KeepAliveHandler)]
        await eventually(lambda: not any(heart.is_alive() for heart in hearts))


async def test_what_is_too_old_is_not_caught_up(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"catch_up_minutes": 0}) as shop:
        await shop.ask("one")
        await shop.stop()
        await shop.alice.dm().says(shop.alice, "two")
        await shop.start()
        await shop.ask("three", shop.bob)
        assert [turn.text for turn in shop.turns()] == ["one", "three"]


async def test_before_the_first_turn_nothing_is_caught_up(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"channels": [shop.support.id]}
        await shop.support.says(shop.alice, "from before Parley came")
        await shop.start()
        await shop.ask("hello", shop.bob)
        assert [turn.text for turn in shop.turns()] == ["hello"]


async def test_commands_are_registered_only_when_they_differ(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.stop()
        await shop.start()
        assert len(shop.server.calls("PUT", "/applications/*/commands")) == 1


async def test_unknown_events_stop_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.server.dispatch("SOMETHING_NEW", {"id": "1", "things": [None, {}]})
        for kind in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE", "THREAD_CREATE", "CHANNEL_UPDATE"):
            shop.server.dispatch(kind, {"id": "5", "channel_id": "6"})
        assert (await shop.ask("hello")).text == "You said: hello"


async def test_a_wrong_token_is_one_clear_sentence(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False, token="wrong") as shop:
        with pytest.raises(ChannelError, match=r"refuses the token.*PARLEY_DISCORD__TOKEN"):
            await shop.start()


async def test_a_token_that_is_revoked_ends_the_channel(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.server.revoke_token()
        error = await shop.ended()
        assert isinstance(error, ChannelError) and "refuses the token" in str(error)


async def test_a_missing_intent_is_one_clear_sentence(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False, server={"message_content": False}) as shop:
        with pytest.raises(ChannelError, match=r"Message Content.*discord.message_content = false"):
            await shop.start()
        shop.settings = {"message_content": False}
        await shop.start()
        assert (await shop.ask(f"{shop.me} hello", where=shop.support)).text == "You said: hello"
        assert (await shop.ask("hello")).text == "You said: hello"


async def test_the_token_goes_to_no_other_machine_in_the_clear(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False, settings={"api_base": "http://example.org/api"}) as shop:
        with pytest.raises(SettingsError, match="https://"):
            await shop.start()


async def test_without_streaming_nothing_is_shown_before_the_answer(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"streaming": False}) as shop:
        shop.author.pieces = ["One ", "two ", "three."] * 5
        answer = await shop.ask("count")
        assert answer.versions == ["One two three." * 5]


async def test_at_discords_own_limits_no_429_is_drawn(tmp_path: Path) -> None:
    pace = Pace(chat=(5, 5.0), overall=(40, 1.0), burst=4, edit_every=0.5)
    async with bench(tmp_path, server={"rate_limits": True}, pace=pace) as shop:
        shop.author.pieces = ["word "] * 400
        await shop.alice.dm().says(shop.alice, "write")
        await eventually(lambda: any("👍" in each for m in shop.alice.dm().bot_messages() for each in m.buttons))
        assert not shop.server.given_429


async def test_an_answer_in_a_thread_that_was_closed_does_not_stop_others(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        thread = await shop.support.thread(shop.alice, "a thread")
        shop.author.pieces, shop.author.held = ["One ", "two ", "three."], True
        await thread.says(shop.alice, f"{shop.me} count")
        await eventually(lambda: [each for each in thread.bot_messages() if spoken(each)])
        thread.delete()
        shop.author.go()
        shop.author.pieces = ()
        assert (await shop.ask("hello", shop.bob)).text == "You said: hello"
