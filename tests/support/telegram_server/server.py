"""The server itself: it starts, stops, and starts again on its port with all that it knew."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.clock import Clock
from tests.support.telegram_server.errors import ConnectionCut, unauthorized
from tests.support.telegram_server.faults import Fault, Faults, Fits, refusal
from tests.support.telegram_server.flood import Limits
from tests.support.telegram_server.front import Front
from tests.support.telegram_server.groups import Group, supergroup_id
from tests.support.telegram_server.messages import Message, Shown, User
from tests.support.telegram_server.people import Person
from tests.support.telegram_server.places import Place
from tests.support.telegram_server.webhook import Pusher
from tests.support.telegram_server.world import Sent, World, new_world

T = TypeVar("T")

TOKEN = "987654321:AAE-a_token_of_no_bot_that_there_is"
_NEVER = 1e9  # seconds; a connection that a client keeps is not closed under it, however fast time runs


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """What people sent in a chat or topic, and what is shown there now."""

    chat_id: int
    topic: int | None
    sent: tuple[Sent, ...]
    shown: tuple[Shown, ...]


class TelegramServer:
    """A Bot API server on loopback. See the package's docstring for how a test reads."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        bot_name: str = "Parley",
        username: str = "parley_bot",
        flood_limits: bool = False,
        limits: Limits | None = None,
        privacy_mode: bool = False,
        dates: Callable[[], float] | None = None,
    ) -> None:
        bot = User(int(token.partition(":")[0]), bot_name, username, is_bot=True)
        self.token = token
        self.world: World = new_world(bot, Clock(dates), limits, flood_limits)
        self.world.sees_all = not privacy_mode
        self.faults = Faults()
        self._valid: str | None = token
        self._place: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self._front: Front | None = None
        self._pusher: asyncio.Task[None] | None = None

    # Its life.

    async def start(self) -> None:
        """Listen, on the same port as before where it was started before."""
        if self._runner is not None:
            return
        self._front = Front(self.world, self.faults, self._valid)
        runner = web.AppRunner(
            self._front.application(), access_log=None, shutdown_timeout=0.0, keepalive_timeout=_NEVER
        )
        await runner.setup()
        # The first socket never listens; it only keeps the port for this server while it is down.
        if self._place is None:
            self._place = _bound(0)
        await web.SockSite(runner, _bound(self.port)).start()
        self._runner = runner
        self._pusher = asyncio.create_task(Pusher(self.world).run())

    async def stop(self) -> None:
        """Cut every connection and refuse new ones; what it knows stays."""
        runner, self._runner = self._runner, None
        if runner is None or self._front is None or self._pusher is None:
            return
        self._front.stopping.set()
        self.world.updates.end_poll(ConnectionCut())
        self._pusher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pusher
        for protocol in runner.server.connections if runner.server else ():
            if protocol.transport is not None:
                protocol.transport.abort()
        await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if self._place is not None:
            self._place.close()
            self._place = None

    @property
    def port(self) -> int:
        """The port, from the first start on."""
        if self._place is None:
            raise RuntimeError("The server was not started.")
        return int(self._place.getsockname()[1])

    @property
    def base_url(self) -> str:
        """To be given to python-telegram-bot, which appends the token."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        """The same for downloads."""
        return f"http://127.0.0.1:{self.port}/file/bot"

    # Who and what there is.

    def person(
        self, name: str, *, language_code: str | None = "en", username: str | None = None, is_bot: bool = False
    ) -> Person:
        """Somebody new; ``is_bot`` makes them another bot."""
        user = User(500_000_000 + self.world.number(), name, username, language_code, is_bot)
        self.world.users[user.id] = user
        return Person(self.world, user)

    def group(self, title: str, *people: Person) -> Group:
        """A basic group with the bot in it; the first person owns it."""
        return self._group(Chat(-40_000_000 - self.world.number(), "group", title), people)

    def supergroup(self, title: str, *people: Person, forum: bool = False, username: str | None = None) -> Group:
        """A supergroup with the bot in it, with topics where it is a forum; the first person owns it."""
        chat = Chat(supergroup_id(self.world), "supergroup", title, username=username, forum=forum)
        return self._group(chat, people)

    def _group(self, chat: Chat, people: tuple[Person, ...]) -> Group:
        for person in people or (self.person("Owner"),):
            chat.users[person.id] = person.user
            chat.members[person.id] = "member" if chat.members else "creator"
        self.world.chats[chat.id] = chat
        return Group(self.world, chat)

    def raw_update(self, update: dict[str, Any]) -> int:
        """Send an update of any shape; it gets an id of its own, which is returned."""
        return self.world.updates.push_raw(update)

    # What goes wrong.

    def fail(
        self,
        method: str,
        times: int = 1,
        *,
        code: int = 429,
        retry_after: int | None = None,
        description: str | None = None,
        after_effect: bool = False,
        fits: Fits | None = None,
    ) -> Fault:
        """Refuse the next calls of a method ("*": of any), or those that ``fits``. With ``after_effect`` the call
        takes effect and its reply is lost instead: the connection is cut."""
        error = refusal(code, description, retry_after)
        return self.faults.add(Fault(method, error, left=times, after_effect=after_effect, fits=fits))

    def cut(self, method: str, times: int = 1, *, fits: Fits | None = None) -> Fault:
        """Close the connection without an answer; the call has no effect."""
        return self.faults.add(Fault(method, cut=True, left=times, fits=fits))

    def slow(
        self, method: str, seconds: float, times: int = 1, *, after_effect: bool = False, fits: Fits | None = None
    ) -> Fault:
        """Take so many seconds of loop time first; the call has its effect though nobody waits any more. With
        ``after_effect`` it has it at once, and only the reply takes so long."""
        return self.faults.add(Fault(method, seconds=seconds, left=times, after_effect=after_effect, fits=fits))

    def revoke_token(self) -> None:
        """From now on every call is 401, a poll that waits included."""
        self._valid = None
        if self._front is not None:
            self._front.token = None
        self.world.updates.end_poll(unauthorized())

    # What happened.

    async def until(self, holds: Callable[[], T], within: float = 10.0, what: str = "what was waited for") -> T:
        """Wait until ``holds()`` is true, looking whenever something happens; its value. TimeoutError in loop time."""
        return await self.world.bell.until(holds, within, what)

    async def called(self, method: str, times: int = 1, within: float = 10.0) -> Call:
        """Wait until a method was called and answered so many times in all; that call."""

        def answered() -> list[Call]:
            done = [call for call in self.calls(method) if call.done_at is not None]
            return done[times - 1 : times]

        return (await self.until(answered, within, f"call {times} of {method}"))[0]

    def calls(self, method: str | None = None, *, chat_id: int | None = None) -> list[Call]:
        """The calls so far, in order: all, or those of a method or chat."""
        return [
            call
            for call in self.world.calls
            if (method is None or call.method.lower() == method.lower()) and chat_id in (None, call.chat_id)
        ]

    @property
    def refused(self) -> Counter[tuple[str, int]]:
        """How many 429s were given, by (method, chat id); 0 stands for calls that name no chat."""
        return self.world.flood.refused

    @property
    def finished(self) -> Callable[[list[Message]], bool] | None:
        """What ``Place.answer`` takes as a finished answer where it is told nothing else."""
        return self.world.finished

    @finished.setter
    def finished(self, done: Callable[[list[Message]], bool] | None) -> None:
        self.world.finished = done

    def record(self) -> list[ChatRecord]:
        """What people sent and what is shown, for every chat and topic in which somebody wrote."""
        sent: dict[tuple[int, int | None], list[Sent]] = {}
        for one in self.world.sent:
            sent.setdefault((one.chat_id, one.topic), []).append(one)
        return [
            ChatRecord(chat_id, topic, tuple(said), tuple(Place(self.world, self.world.chats[chat_id], topic).shown()))
            for (chat_id, topic), said in sent.items()
        ]


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
