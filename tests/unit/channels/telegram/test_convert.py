"""From the library's objects to Parley's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, MessageEntity, MessageReactionUpdated, Update

from bot.channels.telegram import convert
from bot.channels.telegram.addressing import Addressed, addressed, wanted
from bot.channels.telegram.convert import Me, Place
from bot.domain import Opinion
from bot.settings.channels import TelegramSettings

ME = Me(7, "parley_bot")
ALICE = {"id": 1, "is_bot": False, "first_name": "Alice", "last_name": "Li", "language_code": "zh-hans"}
GROUP = {"id": -100, "type": "supergroup", "title": "Shop"}
PRIVATE = {"id": 1, "type": "private", "first_name": "Alice"}


def message(text: str | None = "hello", **fields: Any) -> Message:
    body = {"message_id": 5, "date": 1, "chat": PRIVATE, "from": ALICE} | ({"text": text} if text is not None else {})
    update = Update.de_json({"update_id": 1, "message": body | fields}, None)
    assert update.message is not None
    return update.message


def entity(kind: str, text: str, part: str) -> dict[str, Any]:
    before = text[: text.index(part)]
    return {"type": kind, "offset": units(before), "length": units(part)}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_a_person_without_a_name_is_a_person() -> None:
    user = convert.person(message(**{"from": ALICE | {"first_name": "", "last_name": "Li"}}))
    assert user is not None and user.display_name == ""


def test_a_message_becomes_what_delivery_takes() -> None:
    sent = message("hello", reply_to_message={"message_id": 4, "date": 1, "chat": PRIVATE, "from": ALICE, "text": "hi"})
    user, where = convert.person(sent), convert.place(sent)
    assert user is not None
    assert where is not None
    incoming = convert.incoming(sent, 99, user, where, ME, "hello", admin=True, files=())
    assert (incoming.conversation_id, incoming.update_id, incoming.bot) == ("telegram:7:1", "99", "7")
    assert (user.external_id, user.display_name) == ("1", "Alice Li")
    origin = incoming.origin
    assert (origin.message_id, origin.quoted, origin.locale, origin.group, origin.admin) == (
        "5",
        "hi",
        "zh",
        False,
        True,
    )
    assert dict(origin.address) == {"chat": 1, "topic": 0, "group": 0}


@pytest.mark.parametrize("code", [None, "", "english", "x", "123", "EN-GB"])
def test_the_hint_of_a_language_is_a_code_or_nothing(code: str | None) -> None:
    sent = message("x", **{"from": ALICE | {"language_code": code}})
    assert convert.locale(sent.from_user) == ("en" if code == "EN-GB" else "")


def test_the_passage_that_a_person_chose_is_what_is_quoted() -> None:
    reply = {"message_id": 4, "date": 1, "chat": PRIVATE, "from": ALICE | {"id": 7, "is_bot": True}, "text": "a b c"}
    sent = message("why?", reply_to_message=reply, quote={"text": "b", "position": 2})
    assert convert.quoted(sent, ME) == convert.Quoted("b", True)


@pytest.mark.parametrize("kind", ["channel", "unheard_of"])
def test_channels_are_no_place_to_talk(kind: str) -> None:
    assert convert.place(message("x", chat={"id": -5, "type": kind, "title": "News"})) is None


def test_a_thread_that_is_no_topic_is_the_group_itself() -> None:
    assert convert.place(message("x", chat=GROUP, message_thread_id=3)) == Place(-100, 0, True)
    assert convert.place(message("x", chat=GROUP, message_thread_id=3, is_topic_message=True)) == Place(-100, 3, True)
    assert Place(-100, 3, True).conversation(7) == "telegram:7:-100:3"


@pytest.mark.parametrize(
    ("text", "mention", "rest"),
    [
        ("@parley_bot, when?", "@parley_bot", "when?"),
        ("@parley_bot：几点开门？", "@parley_bot", "几点开门？"),
        ("😀 say @PARLEY_BOT something", "@PARLEY_BOT", "😀 say something"),
        ("when? @parley_bot", "@parley_bot", "when?"),
        ("@parley_bot", "@parley_bot", ""),
    ],
)
def test_a_mention_is_taken_out(text: str, mention: str, rest: str) -> None:
    sent = message(text, chat=GROUP, entities=[entity("mention", text, mention)])
    assert addressed(sent, Place(-100, 0, True), ME) == Addressed(rest, surely=True)


@given(st.text(), st.text(), st.sampled_from(["@parley_bot", "@Parley_Bot"]))
def test_whatever_stands_around_a_mention_stays(before: str, after: str, name: str) -> None:
    text = f"{before} {name} {after}"
    found = MessageEntity("mention", units(before) + 1, len(name))
    rest, mentioned = convert.without_mentions(text, (found,), ME)
    assert mentioned
    kept = rest.split()
    assert (
        kept == (before + " " + after.lstrip(" ,:;，：；\t\n") if not before.strip() else f"{before} {after}").split()
    )


@given(st.text(max_size=20), st.integers(-5, 40), st.integers(-5, 40))
def test_no_entity_breaks_the_reading(text: str, offset: int, length: int) -> None:
    entities = (MessageEntity("mention", offset, length), MessageEntity("bot_command", offset, length))
    rest, mentioned = convert.without_mentions(text, entities, ME)
    assert mentioned or rest == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/ask@parley_bot when?", Addressed("/ask when?", surely=True)),
        ("/ask when?", Addressed("/ask when?", surely=True)),
        ("/ask@other_bot when?", Addressed("/ask@other_bot when?", never=True)),
        ("/ban Bob", Addressed("/ban Bob", never=True)),
        ("/ban@parley_bot Bob", Addressed("/ban Bob", surely=True)),
        ("hello", Addressed("hello")),
    ],
)
def test_commands_in_groups(text: str, expected: Addressed) -> None:
    marks = [entity("bot_command", text, text.split()[0])] if text.startswith("/") else []
    assert addressed(message(text, chat=GROUP, entities=marks), Place(-100, 0, True), ME) == expected


def test_a_mention_by_name_of_a_bot_without_username() -> None:
    mark = {"type": "text_mention", "offset": 0, "length": 6, "user": {"id": 7, "is_bot": True, "first_name": "Parley"}}
    sent = message("Parley hello", chat=GROUP, entities=[mark])
    assert addressed(sent, Place(-100, 0, True), ME) == Addressed("hello", surely=True)


@pytest.mark.parametrize(
    ("settings", "answer", "text", "expected"),
    [
        ({}, None, "hello", False),
        ({}, "always", "hello", True),
        ({"answer": "always"}, None, "hello", True),
        ({"answer": "always"}, "mention", "hello", False),
        ({"answer": "always"}, "nonsense", "hello", True),
        ({"answer": "keyword", "keywords": ["refund", "C++", "退款"]}, None, "my refund?", True),
        ({"answer": "keyword", "keywords": ["refund", "C++", "退款"]}, None, "refunds", False),
        ({"answer": "keyword", "keywords": ["refund", "C++", "退款"]}, None, "我要退款", True),
        ({"answer": "keyword", "keywords": ["refund", "C++"]}, None, "i like c++", True),
        ({"answer": "keyword"}, None, "anything", False),
        ({"topics": [3]}, None, "hello", True),
    ],
)
def test_when_a_group_is_answered(settings: dict[str, Any], answer: str | None, text: str, expected: bool) -> None:
    assert wanted(Addressed(text), Place(-100, 3, True), TelegramSettings(**settings), answer) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "👍", (True, Opinion.GOOD)),
        ("👍", "👎", (True, Opinion.BAD)),
        ("👎", "", (True, None)),
        ("🎉", "", (False, None)),
        ("", "🎉", (False, None)),
        ("👍", "👍🎉", (True, Opinion.GOOD)),
    ],
)
def test_reactions_as_opinions(old: str, new: str, expected: tuple[bool, Opinion | None]) -> None:
    def reactions(emojis: str) -> list[dict[str, str]]:
        return [{"type": "emoji", "emoji": emoji} for emoji in emojis] + [
            {"type": "custom_emoji", "custom_emoji_id": "1"}
        ]

    body = {"chat": PRIVATE, "message_id": 5, "date": 1, "user": ALICE}
    told = body | {"old_reaction": reactions(old), "new_reaction": reactions(new)}
    assert convert.opinion(MessageReactionUpdated.de_json(told, None)) == expected
