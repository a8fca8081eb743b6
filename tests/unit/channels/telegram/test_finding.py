"""Looking for a lost message: the right one is found, nobody else's is touched, and not for ever."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Collection, Mapping

import pytest
from telegram import Bot

from bot.channels.telegram.acknowledging import Acknowledgements
from bot.channels.telegram.background import Background
from bot.channels.telegram.convert import Place as Where
from bot.channels.telegram.finding import BEYOND, LOOK_AT
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.outlet import TelegramOutlet
from bot.delivery.ports import Button, Part, Shown
from bot.domain import Attachment, Origin
from bot.errors import TryLater
from tests.support.desk import Desk
from tests.support.telegram_server import Call, Message, Person, Place, TelegramServer
from tests.support.telegram_server.clients import bot_of

EDITS = ("editMessageText", "editMessageReplyMarkup")
BUTTONS = ((Button("Again", "p1:again:1"),),)


async def nothing_is_known(external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
    return {}


class Desktop:
    """A server, a bot, and the outlets of a process that `restart` makes forget everything."""

    def __init__(self, server: TelegramServer, bot: Bot) -> None:
        self.server = server
        self.alice: Person = server.person("Alice")
        self.memory = Memory()
        self._bot = bot
        self._texts = Desk([]).texts

    def restart(self) -> None:
        self.memory = Memory()

    def outlet(self, place: Place, question: Message | None = None, conversation: str = "") -> TelegramOutlet:
        where = Where(place.id, place.thread or 0, not place.chat.private)
        number = str(question.id) if question is not None else ""
        return TelegramOutlet(
            lambda: self._bot,
            conversation or where.conversation("1"),
            Origin(address=where.address(), message_id=number, group=where.group),
            self._texts,
            "edit",
            self.memory,
            Acknowledgements(self._bot, Background(), wanted=False),
        )

    def edits(self) -> list[Call]:
        return [call for call in self.server.calls() if call.method in EDITS]


def part(outlet: TelegramOutlet, text: str) -> Part:
    (one,) = outlet.render(Shown(text, buttons=BUTTONS))
    return one


def told(place: Place) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    return [(message.text, message.buttons) for message in place.shown() if message.author == "Parley"]


def whole(text: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    return text, (("Again",),)


@pytest.fixture(autouse=True)
def _as_the_client_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else every RetryAfter warns


@pytest.fixture
async def desk() -> AsyncIterator[Desktop]:
    async with TelegramServer() as server, bot_of(server) as bot:
        yield Desktop(server, bot)


async def places(desk: Desktop, kind: str) -> tuple[Place, Place]:
    """Two places of one chat."""
    forum = desk.server.supergroup("Forum", desk.alice, forum=True)
    return forum.topic("one"), forum if kind == "general" else forum.topic("two")


@pytest.mark.parametrize("kind", ["topics", "general"])
@pytest.mark.parametrize("first", [0, 1])
async def test_two_conversations_of_a_chat_with_a_message_in_doubt(desk: Desktop, kind: str, first: int) -> None:
    both = await places(desk, kind)
    outlets = [desk.outlet(place, await place.says(desk.alice, "?")) for place in both]
    hints = [outlet.hint() for outlet in outlets]
    sent = [await outlet.send(part(outlet, f"half {at}"), "") for at, outlet in enumerate(outlets)]
    desk.restart()
    for at in (first, 1 - first):
        outlet = desk.outlet(both[at])
        assert (await outlet.find(part(outlet, f"answer {at}"), hints[at], nothing_is_known)).external_id == sent[at]
    assert [told(place) for place in both] == [[whole("answer 0")], [whole("answer 1")]]


@pytest.mark.parametrize("kind", ["topics", "general"])
async def test_a_message_of_another_topic_is_not_taken_where_none_is_ours(desk: Desktop, kind: str) -> None:
    other, ours = await places(desk, kind)
    question = await ours.says(desk.alice, "?")
    theirs = desk.outlet(other)
    await theirs.send(part(theirs, "theirs"), "")
    desk.restart()
    outlet = desk.outlet(ours, question)
    found = await outlet.find(part(outlet, "ours"), outlet.hint(), nothing_is_known)
    assert (found.external_id, found.sure) == ("", False)
    assert told(other) == [("theirs", ())]  # its own search gives it its buttons


@pytest.mark.parametrize("kind", ["supergroup", "private"])
async def test_a_number_that_is_known_in_another_row_may_be_ours(desk: Desktop, kind: str) -> None:
    """Each supergroup counts its messages by itself; all private chats and small groups count together."""
    shop = desk.server.supergroup("Shop", desk.alice) if kind == "supergroup" else desk.alice.private_chat()
    outlet = desk.outlet(shop, await shop.says(desk.alice, "?"))
    hint = outlet.hint()
    sent = await outlet.send(part(outlet, "half"), "")
    desk.restart()
    rows = {"supergroup": Where(-1001500009999, 3, True), "private": Where(4242, 0, False)}

    async def known(external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {sent: {where.conversation("1") for where in others}}

    others = [rows[kind]]
    assert (await desk.outlet(shop).find(part(outlet, "answer"), hint, known)).external_id == (
        "" if kind == "private" else sent
    )
    desk.restart()
    others = [where for name, where in rows.items() if name != kind]
    assert (await desk.outlet(shop).find(part(outlet, "answer"), hint, known)).external_id == sent


@pytest.mark.parametrize("kind", ["topics", "general", "one chat"])
async def test_a_message_that_is_being_sent_is_nobody_elses(desk: Desktop, kind: str) -> None:
    """It stands on the platform, and its number is not here yet."""
    if kind == "one chat":
        mine = yours = desk.server.group("Shop", desk.alice)
    else:
        mine, yours = await places(desk, kind)
    question = await yours.says(desk.alice, "?")
    sender, finder = desk.outlet(mine, conversation="mine"), desk.outlet(yours, question, "yours")
    desk.server.slow("sendMessage", 0.2, after_effect=True)
    sending = asyncio.create_task(sender.send(part(sender, "mine"), ""))
    await desk.server.until(lambda: told(mine))
    found = await finder.find(part(finder, "yours"), str(question.id), nothing_is_known)
    assert found.external_id == ""
    await sending
    assert told(mine) == [whole("mine")]
    done = (await desk.server.called("sendMessage")).done_at
    assert done is not None
    assert all(call.at >= done for call in desk.edits())


async def test_nothing_is_sent_while_somebody_looks(desk: Desktop) -> None:
    shop = desk.server.group("Shop", desk.alice)
    question = await shop.says(desk.alice, "?")
    finder, sender = desk.outlet(shop, question, "yours"), desk.outlet(shop, conversation="mine")
    desk.server.slow("editMessageText", 0.1)
    looking = asyncio.create_task(finder.find(part(finder, "yours"), finder.hint(), nothing_is_known))
    await desk.server.until(desk.edits)
    await sender.send(part(sender, "mine"), "")
    assert (await looking).external_id == ""
    methods = [call.method for call in desk.server.calls() if call.method in (*EDITS, "sendMessage")]
    assert methods[-1] == "sendMessage"
    assert told(shop) == [whole("mine")]


async def test_conversations_send_beside_each_other(desk: Desktop) -> None:
    one, two = await places(desk, "topics")
    outlets = [desk.outlet(one), desk.outlet(two)]
    desk.server.slow("sendMessage", 0.1, times=2)
    await asyncio.gather(*(outlet.send(part(outlet, "hello"), "") for outlet in outlets))
    first, second = desk.server.calls("sendMessage")
    assert first.done_at is not None
    assert second.at < first.done_at


async def test_locks_are_forgotten_and_follow_a_chat_that_moves() -> None:
    memory = Memory()
    lock = memory.lock(-5)
    async with lock.shared():
        memory.note_moved(-5, -1_001_500_000_001)
        assert memory.lock(memory.now_at(-5)) is lock
    del lock
    gc.collect()
    assert not memory._locks


async def busy(desk: Desktop, messages: int) -> None:
    """What others say in the same row of numbers."""
    bob = desk.server.person("Bob")
    for _ in range(messages):
        await bob.private_chat().says(bob, "hello")


@pytest.mark.parametrize("others", [0, 3, LOOK_AT - 1])
async def test_a_busy_row_of_numbers(desk: Desktop, others: int) -> None:
    chat = desk.alice.private_chat()
    question = await chat.says(desk.alice, "?")
    outlet = desk.outlet(chat, question)
    hint = outlet.hint()
    await busy(desk, others)
    sent = await outlet.send(part(outlet, "half"), "")
    await busy(desk, 5)
    desk.restart()
    desk.memory.note_seen(chat.id, question.id)  # an update that comes again tells nothing of what is newest
    outlet = desk.outlet(chat, question)
    assert (await outlet.find(part(outlet, "answer"), hint, nothing_is_known)).external_id == sent
    assert told(chat) == [whole("answer")]
    assert {call.method for call in desk.edits()} == {"editMessageText"}  # one call a number, where there are no topics


async def test_numbers_that_are_known_cost_no_call(desk: Desktop) -> None:
    chat = desk.alice.private_chat()
    question = await chat.says(desk.alice, "?")
    outlet = desk.outlet(chat, question)
    await busy(desk, 2 * LOOK_AT)
    sent = await outlet.send(part(outlet, "half"), "")
    desk.restart()

    async def known(external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {each: {"telegram:1:4242"} for each in external_ids if int(each) < int(sent)}

    outlet = desk.outlet(chat, question)
    assert (await outlet.find(part(outlet, "answer"), outlet.hint(), known)).external_id == sent
    assert len(desk.edits()) == 1


async def test_beyond_the_newest_number_nothing_is_looked_for(desk: Desktop) -> None:
    chat = desk.alice.private_chat()
    question = await chat.says(desk.alice, "?")
    outlet = desk.outlet(chat, question)
    await outlet.find(part(outlet, "answer"), outlet.hint(), nothing_is_known)
    assert len(desk.edits()) == LOOK_AT  # nothing is known of the row
    await outlet.send(part(outlet, "answer"), "")
    await outlet.find(part(outlet, "more"), outlet.hint(), nothing_is_known)
    assert len(desk.edits()) == LOOK_AT + BEYOND


async def test_a_search_that_was_broken_off_goes_on_where_it_was(desk: Desktop) -> None:
    chat = desk.alice.private_chat()
    question = await chat.says(desk.alice, "?")
    outlet = desk.outlet(chat, question)
    await busy(desk, 5)
    sent = await outlet.send(part(outlet, "half"), "")
    desk.restart()
    outlet = desk.outlet(chat, question)
    tired = len(range(question.id + 1, int(sent)))
    refusing = desk.server.fail(
        "editMessageText", retry_after=1, fits=lambda call: call.params["message_id"] == int(sent)
    )
    with pytest.raises(TryLater):
        await outlet.find(part(outlet, "answer"), outlet.hint(), nothing_is_known)
    assert (refusing.met, len(desk.edits())) == (1, tired + 1)
    assert (await outlet.find(part(outlet, "answer"), outlet.hint(), nothing_is_known)).external_id == sent
    assert len(desk.edits()) == tired + 2


@pytest.mark.parametrize("kind", ["private", "topic"])
async def test_a_file_is_not_taken_for_a_text(desk: Desktop, kind: str) -> None:
    place = desk.alice.private_chat() if kind == "private" else (await places(desk, "topics"))[0]
    question = await place.says(desk.alice, "?")
    outlet = desk.outlet(place, question)
    await outlet.attach(Attachment("a.txt", "text/plain", b"a"), "")
    sent = await outlet.send(part(outlet, "half"), "")
    desk.restart()
    outlet = desk.outlet(place, question)
    assert (await outlet.find(part(outlet, "answer"), outlet.hint(), nothing_is_known)).external_id == sent
    assert told(place) == [("", ()), whole("answer")]


def test_every_button_is_another() -> None:
    from bot.channels.telegram.finding import _button

    made = {str(_button().inline_keyboard[0][0].callback_data) for _ in range(100)}
    assert len(made) == 100
    assert all(len(data.encode()) <= 64 for data in made)


async def test_a_part_is_looked_for_behind_the_part_before_it(desk: Desktop) -> None:
    """Before that one stands its own lost copy: it was sent again."""
    chat = desk.alice.private_chat()
    question = await chat.says(desk.alice, "?")
    outlet = desk.outlet(chat, question)
    lost, first, second = [await outlet.send(part(outlet, text), "") for text in ("first", "first", "second")]
    desk.restart()
    outlet = desk.outlet(chat, question)
    assert int(lost) < int(outlet.hint(first)) + 1 <= int(second)
    found = await outlet.find(part(outlet, "second, whole"), outlet.hint(first), nothing_is_known)
    assert found.external_id == second
