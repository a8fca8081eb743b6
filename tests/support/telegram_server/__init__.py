"""A Telegram Bot API server on loopback, for the real python-telegram-bot, with people who can be told what to do.

    async with TelegramServer(flood_limits=True) as server:      # TOKEN, server.base_url, server.base_file_url
        alice = server.person("Alice", language_code="en")
        chat = alice.private_chat()
        await chat.says(alice, "hello")
        answer = await chat.answer()                             # waits until it is finished
        assert answer.text == "Hello, Alice."
        press = await chat.presses(alice, answer.last, "👍")
        assert await press.answered() == "Thanks"

All limits and timeouts are loop time, in seconds. What sends an update is awaited; what the bot is not told of, or
learns of by a membership update, is not.

``TelegramServer(token=TOKEN, *, bot_name="Parley", username="parley_bot", flood_limits=False, limits=None,
privacy_mode=False, dates=None)``
    people and places: ``person(name, *, language_code="en", username=None, is_bot=False) -> Person``,
        ``group(title, *people) -> Group``, ``supergroup(title, *people, forum=False, username=None) -> Group``
        (the first person owns it), ``raw_update(dict) -> int``
    faults, each ``-> Fault`` with ``met`` and ``left``; ``method`` may be ``"*"``; ``fits`` picks calls:
        ``fail(method, times=1, *, code=429, retry_after=None, description=None, after_effect=False, fits=None)``
        (``after_effect``: the call takes effect, the connection is cut), ``cut(method, times=1, *, fits=None)``,
        ``slow(method, seconds, times=1, *, after_effect=False, fits=None)`` (``after_effect``: only the reply is late);
        and ``faults.clear()``, ``revoke_token()``, ``await stop()``, ``await start()`` (same port, state kept)
    what happened: ``calls(method=None, *, chat_id=None) -> list[Call]`` (``method``, ``params``, ``files``, ``at``,
        ``done_at``, ``error``, ``lost``, ``body``), ``await called(method, times=1, within=10) -> Call``,
        ``await until(holds, within=10, what="…")``, ``refused: Counter[(method, chat id)]`` of 429s,
        ``record() -> list[ChatRecord]`` (``chat_id``, ``topic``, ``sent``, ``shown``)
    ``finished``: a predicate over the new messages that says when an answer is complete, e.g. when its last message
        has no "stop" button; set it once, and ``answer()`` needs no quiet time.

``Person``: ``id``, ``private_chat() -> Place``,
    ``await sends_document(place, name, data, caption="", *, mime=None, reply_to=None) -> Message``,
    ``blocks_bot()``, ``unblocks_bot()``, ``await inline(question, *, offset="", within=10) -> list[dict]``,
    ``await chooses(result, place, question="") -> Message``

``Place``, a chat or a topic: ``id``, ``thread``, ``await says(person, text, *, entities=None, reply_to=None)``,
    ``await replies(person, message, text)``, ``await edits(message, text)``, ``deletes(message)``,
    ``await presses(person, message, label) -> Press`` (``toast``, ``await answered(within=10) -> str``, ``expires()``),
    ``await reacts(person, message, emoji)``, ``await answer(within=10, *, quiet=0.3, done=None) -> Answer``
    (``messages``, ``text``, ``last``, ``buttons``, ``entities``), ``await silence(seconds=0.3)``,
    ``shown() -> list[Shown]`` (``author``, ``text``, ``entities``, ``buttons``, ``edited``, ``draft``, ``message_id``,
    ``reply_to``, ``document``, ``reactions``), ``typing() -> bool``

``Group``, a ``Place`` too: ``topic(name, creator=None) -> Place`` (opened where there is none),
    ``closes_topic(place)``, ``await joins(person)``, ``await leaves(person)``, ``promotes(person)``,
    ``promotes_bot()``, ``removes_bot(by)``, ``adds_bot(by)``, ``await becomes_supergroup() -> Group``

``clients``: ``bot_of(server, token=None, *, patience=10) -> Bot`` and ``polling(server, *handlers, **options) ->
    Application``, both to be entered with ``async with``.

As on Telegram: a second getUpdates ends the first with 409; in a topic, what replies to nothing carries the topic's
first message as ``reply_to_message``; a reply in a supergroup without topics carries ``message_thread_id`` too; private
chats and groups share the bot's message ids, a supergroup has its own; text is trimmed; a keyboard that an edit leaves
out is gone; General is no thread that a bot may name; a call that times out at the client still has its effect.
Left out: ``parse_mode`` Markdown (HTML is read), media other than documents, payments, business, stickers.
"""

from tests.support.telegram_server.answers import Answer
from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.flood import Limits, Rate
from tests.support.telegram_server.groups import Group
from tests.support.telegram_server.messages import Message, Shown
from tests.support.telegram_server.people import Person
from tests.support.telegram_server.places import Place, Press
from tests.support.telegram_server.server import TOKEN, ChatRecord, TelegramServer

__all__ = [
    "TOKEN",
    "Answer",
    "Call",
    "ChatRecord",
    "Group",
    "Limits",
    "Message",
    "Person",
    "Place",
    "Press",
    "Rate",
    "Shown",
    "TelegramServer",
]
