"""Groups: who is answered, where, and as whom."""

from __future__ import annotations

from pathlib import Path

from tests.support.phrasebook import TranslatingModels
from tests.support.telegram_bench import Bench, bench
from tests.support.telegram_server import Place

SETTINGS = [{"type": "bot_command", "offset": 0, "length": 9}]
COMMAND = {"entities": [{"type": "bot_command", "offset": 0, "length": 5}]}


async def answers(bot: Bench, place: Place, *said: tuple[str, str | None]) -> None:
    """Each text is said by Bo; None: silence, shown by the next text being the next one answered."""
    bo = bot.server.person("Bo")
    for text, answered in said:
        await place.says(bo, text)
        if answered is not None:
            assert (await place.answer()).text == answered
    await place.says(bo, "/chat the end")
    assert (await place.answer()).text == "You said: the end"


async def test_a_group_is_answered_when_it_asks_for_it(home: Path) -> None:
    async with bench(home) as bot:
        shop = bot.server.supergroup("Shop", bot.server.person("Owner"))
        await answers(
            bot,
            shop,
            ("nice weather", None),
            ("@parley_bot, is it open?", "You said: is it open?"),
            ("😀😀 hey @Parley_Bot tell me", "You said: 😀😀 hey tell me"),
            ("@other_bot what about you", None),
            ("/chat@parley_bot hello", "You said: hello"),
            ("/chat@other_bot hello", None),
            ("/ban somebody", None),
            ("mail me at me@parley_bot.example", None),
        )


async def test_a_reply_to_the_bot_is_for_it_and_quotes_it(home: Path) -> None:
    async with bench(home) as bot:
        bo = bot.server.person("Bo")
        shop = bot.server.group("Shop", bo)
        question = await shop.says(bo, "@parley_bot one")
        answer = await shop.answer()
        assert answer.last.reply_to is question
        await shop.replies(bo, answer.last, "and why?")
        await shop.answer()
        (turn,) = [turn for turn in await bot.turns() if turn.text == "and why?"]
        assert turn.origin.quoted == "You said: one"
        assert turn.origin.quoted_ours


async def test_a_mention_under_another_ones_message_is_about_that_message(home: Path) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", alice, bo)
        said = await shop.says(alice, "The parcel came late.")
        await shop.replies(bo, said, "@parley_bot /chat")
        await bot.kept(1)
        (turn,) = await bot.turns()
        assert (turn.text, turn.origin.quoted, turn.origin.quoted_ours) == ("/chat", "The parcel came late.", False)


async def test_keywords_are_answered(home: Path) -> None:
    async with bench(home, settings={"answer": "keyword", "keywords": ["refund", "退款"]}) as bot:
        shop = bot.server.supergroup("Shop", bot.server.person("Owner"))
        await answers(
            bot,
            shop,
            ("Where is my REFUND?", "You said: Where is my REFUND?"),
            ("prefunded", None),
            ("我要退款", "You said: 我要退款"),
            ("hello", None),
        )


async def test_everything_is_answered_where_it_is_wished(home: Path) -> None:
    async with bench(home, settings={"answer": "always"}) as bot:
        shop = bot.server.supergroup("Shop", bot.server.person("Owner"))
        await answers(bot, shop, ("hello", "You said: hello"), ("/chat@other_bot hello", None))


async def test_an_admin_changes_when_a_group_is_answered(home: Path) -> None:
    async with bench(home) as bot:
        owner, bo = bot.server.person("Owner"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", owner, bo)
        await shop.says(bo, "/settings answer always")
        await shop.answer()
        await shop.says(bo, "still silent")
        bot.settings = {"admins": [owner.id]}
        await bot.stop()
        await bot.start()
        await shop.says(owner, "/settings answer always")
        await shop.answer()
        await shop.says(bo, "and now?")
        assert (await shop.answer()).text == "You said: and now?"


async def test_members_are_told_apart(home: Path) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", alice, bo)
        for person in (alice, bo, alice):
            await shop.says(person, f"@parley_bot I am {person.user.first_name}")
            await shop.answer()
        turns = await bot.turns()
        assert [turn.user_id for turn in turns] == [turns[0].user_id, turns[1].user_id, turns[0].user_id]
        assert turns[0].user_id != turns[1].user_id
        seen = [message.text for message in bot.author.requests[-1].history]
        assert seen == ["I am Alice", "You said: I am Alice"]


async def test_bots_are_left_alone(home: Path) -> None:
    async with bench(home, settings={"answer": "always"}) as bot:
        robot = bot.server.person("Robot", is_bot=True)
        shop = bot.server.supergroup("Shop", bot.server.person("Owner"))
        await shop.says(robot, "@parley_bot talk to me")
        await answers(bot, shop)


async def test_an_anonymous_admin_and_a_channel_are_people_of_their_own(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        message = (await shop.says(alice, "nothing for you")).to_json()
        anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        group = message["chat"]
        channel = {"id": -1001999999999, "type": "channel", "title": "News"}
        for number, chat in enumerate((group, channel)):
            text = {"text": f"/chat number {number}", "message_id": 900 + number, "sender_chat": chat, **COMMAND}
            bot.server.raw_update({"message": message | text | {"from": anonymous}})
            await shop.answer()
        forwarded = {"text": "/chat an advertisement", "message_id": 950, "sender_chat": channel, **COMMAND}
        bot.server.raw_update({"message": message | forwarded | {"is_automatic_forward": True}})
        await answers(bot, shop)
        ids = {turn.user_id for turn in await bot.turns()}
        assert len(ids) == 3
        names = {bot.storage._state.users[number].external_id for number in ids}
        assert {str(shop.id), "-1001999999999"} < names


async def test_each_topic_is_a_conversation_and_is_answered_there(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        forum = bot.server.supergroup("Shop", alice, forum=True)
        orders, returns = forum.topic("Orders"), forum.topic("Returns")
        for place in (orders, returns, forum):
            await place.says(alice, "@parley_bot here")
            assert (await place.answer()).text == "You said: here"
        await orders.says(alice, "nobody is meant")  # hangs on the topic's first message, which is not ours
        conversations = {turn.conversation_id for turn in await bot.turns()}
        stem = f"telegram:987654321:{forum.id}"
        assert conversations == {stem, f"{stem}:{orders.thread}", f"{stem}:{returns.thread}"}


async def test_a_topic_in_which_all_is_answered(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        forum = bot.server.supergroup("Shop", alice, forum=True)
        orders, chatter = forum.topic("Questions"), forum.topic("Chatter")
        await bot.stop()
        bot.settings = {"topics": [orders.thread]}
        await bot.start()
        await chatter.says(alice, "hello")
        await orders.says(alice, "hello")
        assert (await orders.answer()).text == "You said: hello"
        await chatter.silence(0.05)


async def test_a_group_that_becomes_a_supergroup_gets_its_answer_there(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        old = bot.server.group("Shop", alice)
        bot.author.held = True
        await old.says(alice, "/chat hello")
        await bot.server.until(lambda: bot.author.requests)
        new = await old.becomes_supergroup()
        bot.author.go()
        assert (await new.answer()).text == "You said: hello"


async def test_a_bilingual_group_is_translated_message_by_message(home: Path) -> None:
    async with bench(home, models=TranslatingModels()) as bot:
        owner, bo = bot.server.person("Owner"), bot.server.person("Bo")
        await bot.stop()
        bot.settings = {"admins": [owner.id]}
        await bot.start()
        shop = bot.server.supergroup("Shop", owner, bo)
        await shop.says(owner, "/settings translate en, zh", entities=SETTINGS)
        assert "every message" in (await shop.answer()).text
        await shop.says(bo, "👍")  # nobody is told what a thumb is in Chinese
        talk = [
            ("Good morning!", "早上好！"),
            ("我们什么时候见面？", "When do we meet?"),
            ("@parley_bot At nine.", "九点。"),
        ]
        for said, answered in talk:
            question = await shop.says(bo, said)
            answer = await shop.answer()
            assert (answer.text, answer.last.reply_to) == (answered, question)
