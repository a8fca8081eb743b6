"""A channel in memory: a platform that people look at, an outlet that writes on it, and faults on demand."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.delivery.ports import Button, Found, Known, Pace, Part, Shown
from bot.domain import Attachment, Channel, Origin
from bot.errors import DeliveryError, MessageGone

QUICK = Pace(chat=(1000, 1.0), overall=(1000, 1.0), burst=1000, edit_every=0.02, draft_every=0.02, settling=0.0)
"""A pace that hardly waits, for tests that run in real time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message as it stands on the platform."""

    id: str
    place: str
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    file: bytes | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made, with the loop's time."""

    at: float
    method: str
    place: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Content:
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass
class Platform:
    """What stands in all places, in order. `fault` is asked before each call and may raise, or give an error that is
    raised after the call took effect.
    """

    fault: Callable[[str], DeliveryError | None] = lambda method: None
    delay: float = 0.0
    forgetful: bool = False  # whether nonces mean nothing to it
    blind: bool = False  # whether nobody can look for a message there either
    given: list[str] = field(default_factory=list)  # the ids of all messages, oldest first
    messages: dict[str, Standing] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _nonces: dict[tuple[str, str], str] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def texts(self, place: str) -> list[str]:
        return [message.text for message in self.messages.values() if message.place == place]

    def methods(self, *which: str) -> list[str]:
        return [call.method for call in self.calls if not which or call.method in which]

    def post(self, place: str, nonce: str, content: _Content, file: bytes | None = None) -> str:
        """A message with a nonce that was used before is that message, unless the platform cannot tell."""
        if self.forgetful or (place, nonce) not in self._nonces:
            id_ = self._nonces[place, nonce] = f"m{next(self._ids)}"
            self.given.append(id_)
            self.messages[id_] = Standing(id_, place, content.text, content.buttons, file)
            self.drafts.pop(place, None)
        return self._nonces[place, nonce]

    async def call(self, method: str, place: str, effect: Callable[[], str | None], text: str = "") -> str:
        self.calls.append(Call(asyncio.get_running_loop().time(), method, place, text))
        await asyncio.sleep(self.delay / 2)
        lost = self.fault(method)
        result = effect()
        await asyncio.sleep(self.delay / 2)  # the answer is on its way
        if lost is not None:
            raise lost
        return result or ""


@dataclass
class MemoryOutlet:
    """Cuts text after `limit` characters, which is stable under growth. The notice follows the text."""

    platform: Platform
    place: str
    group: bool = False
    drafts: bool = False
    limit: int = 100
    drafts_refused: bool = False

    def render(self, shown: Shown) -> Sequence[Part]:
        text = "\n".join(piece for piece in (shown.text, shown.notice) if piece)
        pieces = [text[at : at + self.limit] for at in range(0, len(text), self.limit)]
        pieces = [piece if piece.strip() else "(blank)" for piece in pieces]
        contents = [_Content(piece) for piece in pieces[:-1]] + [
            _Content(piece, shown.buttons) for piece in pieces[-1:]
        ]
        return [Part(at, _digest(content), content) for at, content in enumerate(contents)]

    async def send(self, part: Part, nonce: str) -> str:
        return await self._call("send", lambda: self.platform.post(self.place, nonce, part.payload), part)

    def hint(self, after: str = "") -> str:
        return str(self.platform.given.index(after) + 1 if after else len(self.platform.given))

    async def find(self, part: Part | None, hint: str, known: Known) -> Found:
        """A platform that knows no nonces lets its messages be looked for, unless it is blind."""
        if not self.platform.forgetful:
            return Found()
        if self.platform.blind:
            return Found(sure=False)
        for id_ in self.platform.given[int(hint or 0) :]:
            message = self.platform.messages.get(id_)
            fits = message is not None and (message.file is None) == (part is not None)
            if message is not None and message.place == self.place and fits and not await known([id_]):
                return Found(id_)
        return Found()

    async def edit(self, external_id: str, part: Part) -> None:
        def effect() -> None:
            old = self.platform.messages.get(external_id)
            if old is None:
                raise MessageGone("The message is gone.")
            new = Standing(external_id, old.place, part.payload.text, part.payload.buttons)
            self.platform.messages[external_id] = new

        await self._call("edit", effect, part)

    async def remove(self, external_id: str) -> None:
        def effect() -> None:
            self.platform.messages.pop(external_id, None)

        await self._call("remove", effect)

    async def draft(self, part: Part) -> bool:
        if self.drafts_refused:
            return False

        def effect() -> None:
            self.platform.drafts[self.place] = part.payload.text

        await self._call("draft", effect, part)
        return True

    async def working(self) -> None:
        await self._call("working", lambda: None)

    async def attach(self, attachment: Attachment, nonce: str) -> str:
        content = _Content(attachment.name)
        return await self._call("attach", lambda: self.platform.post(self.place, nonce, content, attachment.content))

    async def _call(self, method: str, effect: Callable[[], str | None], part: Part | None = None) -> str:
        return await self.platform.call(method, self.place, effect, part.payload.text if part else "")


@dataclass
class MemoryOutlets:
    """A running channel. The address tells the place; a place that begins with `group` is a group."""

    platform: Platform = field(default_factory=Platform)
    channel: Channel = Channel.TELEGRAM
    bot: str = "parley"
    pace: Pace = QUICK
    drafts: bool = False
    limit: int = 100

    def outlet(self, conversation_id: str, origin: Origin) -> MemoryOutlet:
        place = str(origin.address.get("place", conversation_id))
        return MemoryOutlet(self.platform, place, origin.group, self.drafts and not origin.group, self.limit)


def _digest(content: _Content) -> str:
    return hashlib.blake2s(repr(content).encode("utf-8", "surrogatepass")).hexdigest()
