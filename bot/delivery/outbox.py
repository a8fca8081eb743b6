"""The outbox: brings the parts of one turn's reply onto the platform, and knows which stand there.

Each part is noted before it is sent and after, so that a restart edits what stands there instead of sending it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bot import faults
from bot.delivery.pacing import Pacer
from bot.delivery.part_rows import ATTACHMENT, PartRows
from bot.delivery.ports import Outlet, Part, Shown
from bot.delivery.retrying import Patience, Retrier
from bot.delivery.whole import whole
from bot.domain import Attachment, Doubt, SentPart, Turn
from bot.errors import MessageGone, TryLater
from bot.ports import Storage

log = logging.getLogger(__name__)

T = TypeVar("T")


def nonce_of(turn_id: int, position: int | str, gone: str = "") -> str:
    """What tells the platform that two sends are the same one: at most 25 ASCII characters, as Discord takes them.

    `gone` is the id of the message that stood there before and was deleted: the new one is another message.

    >>> nonce_of(7, 0)
    '7-0'
    """
    plain = f"{turn_id}-{position}"
    if not gone and len(plain) <= 25:
        return plain
    return hashlib.blake2s(f"{plain}-{gone}".encode(), digest_size=12).hexdigest()


class Outbox:
    """The parts of one turn at one outlet, as the turn was taken up. `known` is what storage says of them when the work
    begins. `repeat`: what may have been sent, and nobody can tell, is sent again; otherwise it is left.
    """

    def __init__(
        self,
        storage: Storage,
        turn: Turn,
        outlet: Outlet,
        pacer: Pacer,
        known: Iterable[SentPart] = (),
        patience: Patience | None = None,
        repeat: bool = True,
    ) -> None:
        self._turn_id = turn.id
        self._outlet = outlet
        self._pacer = pacer
        self._rows = PartRows(storage, turn, known)
        self._gone: dict[int, str] = {}  # ids of messages that were deleted under us, and are to be sent anew
        # What was sent without learning whether it worked, by digest; "" where it may be one of several.
        self._doubtful = {at: "" for at in self._rows if self._rows.in_doubt(at) and not self._rows[at].external_id}
        self._retry = Retrier(pacer, outlet.place, outlet.group, patience)
        self._repeat = repeat
        self._settled_at = 0.0  # by the loop's time
        if turn.attempts > 1:  # whoever worked on it before may have been killed in the middle of a call
            self._wait_for_effects()

    @property
    def empty(self) -> bool:
        """Whether nothing of the reply stands on the platform yet."""
        return not any(self._rows[at].external_id for at in self._rows)

    async def grow(self, parts: Sequence[Part]) -> None:
        """Show unfinished text: new parts are sent, standing ones are edited if there is room, or left for next time.
        What an earlier run wrote beyond the end is not cut off meanwhile.

        Raises TryLater, after which nothing is sent there for as long as the platform asked; and DeliveryError.
        """
        place, group = self._outlet.place, self._outlet.group
        try:
            for part in parts:
                if not self._rows.stands(part.position):
                    await self._pacer.before_send(place, group)
                    await self._send(part)
                elif part is parts[-1] and part.position < self._rows.last:
                    continue
                elif self._rows.differs(part) and self._pacer.may_edit(place, group):
                    await self._edit(part)
        except MessageGone:
            await self._begin_anew(part)
        except TryLater as error:
            if error.after is not None:
                self._pacer.hold(place, error.after, group)
            raise

    async def finish(self, parts: Sequence[Part], attachment: Attachment | None = None) -> None:
        """Make every part final, in order, take away what is too much, then send the file. Each call is tried again.

        Raises DeliveryError; TryLater when patience is over: what is left stays noted as being sent.
        """
        for part in parts:
            await self._make_final(part)
        digest = _digest(attachment) if attachment is not None else ""
        await self.remove([at for at in self._rows if self._is_surplus(at, len(parts), digest)])
        if attachment is not None and not self._rows.stands(ATTACHMENT):
            await self._retry(lambda: whole(self._attach(attachment, digest)))

    async def remove(self, positions: Iterable[int] | None = None) -> None:
        """Take parts (None: all) off the platform, the last one first. Raises DeliveryError."""
        for position in sorted(self._rows if positions is None else positions, reverse=True):
            await self._take_off(position)
            await self._rows.removed(position)

    async def failed(self) -> None:
        """Note that the platform will never take what it has not taken."""
        await self._rows.failed()

    async def _make_final(self, part: Part) -> None:
        while not self._rows.stands(part.position) or self._rows.differs(part):
            if not self._rows.stands(part.position):
                await self._retry(lambda: self._send(part))
                continue
            try:
                await self._retry(lambda: self._edit(part))
            except MessageGone:
                await self._begin_anew(part)

    async def _begin_anew(self, part: Part) -> None:
        """A part was deleted: it is sent anew, and so are those after it, or they would stand before it.

        Of a later part in doubt the nonce brings the id back, whatever is sent with it.

        Their rows keep the old ids until then, as being sent: after a crash here they are edited, found gone, and
        sent under the same nonces.
        """
        position, rows = part.position, self._rows
        if rows.in_doubt(position):  # an earlier run was here already, and may have sent the new one
            self._doubtful[position] = ""
        for at in [at for at in self._doubtful if at > position]:
            await self._retry(partial(self._send, replace(part, position=at)))
        after = [at for at in rows if at >= position and at != ATTACHMENT and rows.stands(at)]
        gone = {at: rows[at].external_id for at in after}
        hints = {at: rows[at].hint if at in self._doubtful else self._hint(position) for at in after}
        await rows.gone(hints)
        for at in sorted(after, reverse=True):
            if at != position:
                await self._take_off(at)
                self._doubtful.pop(at, None)
            rows.begin_anew(at, hints[at])
        self._gone.update(gone)

    async def _take_off(self, position: int) -> None:
        external_id = self._rows[position].external_id
        if not external_id and position != ATTACHMENT and self._rows.in_doubt(position):
            external_id = await self._brought_back(position)
        if external_id:
            await self._retry(lambda: _called("remove", self._outlet.remove(external_id)), paced=False)

    async def _brought_back(self, position: int) -> str:
        """The id of a part that may have been sent, and is not wanted any more; empty where nobody can tell."""
        placeholder = replace(self._outlet.render(Shown("…"))[0], position=position)
        nonce = nonce_of(self._turn_id, position, self._gone.get(position, ""))

        async def bring() -> str:
            await asyncio.sleep(self._settled_at - _now())
            found = await self._outlet.find(placeholder, self._rows[position].hint, self._rows.known)
            if found.external_id or not found.sure:
                return found.external_id
            # The nonce gives the message that stands, or one that goes at once.
            return await _called("send", self._outlet.send(placeholder, nonce))

        return await self._retry(bring)

    async def _send(self, part: Part) -> None:
        await self._rows.sending(part.position, partial(self._hint, part.position))
        if part.position in self._doubtful and await self._settled(part.position, part):
            return
        nonce = nonce_of(self._turn_id, part.position, self._gone.get(part.position, ""))

        async def send() -> None:
            external_id = await _called("send", self._outlet.send(part, nonce))
            # If an earlier try may have worked, the nonce brings back its message, which may say something else:
            # without a digest it is edited next.
            alike = self._doubtful.pop(part.position, part.digest) == part.digest
            await self._rows.sent(part.position, external_id, part.digest if alike else "")

        try:
            await whole(send())
        except TryLater as error:
            if error.doubtful:
                log.info("turn %s, part %s: nobody knows whether it was sent", self._turn_id, part.position)
                tried = self._doubtful.get(part.position, part.digest)
                self._doubtful[part.position] = part.digest if tried == part.digest else ""
                self._wait_for_effects()
            raise

    def _wait_for_effects(self) -> None:
        """Before it is over, what was sent may not stand there yet, and what was edited not look so yet."""
        self._settled_at = _now() + self._pacer.pace.settling

    async def _edit(self, part: Part) -> None:
        external_id = self._rows[part.position].external_id
        if self._rows.is_inherited(part.position):
            await asyncio.sleep(self._settled_at - _now())
        await self._rows.editing(part.position)

        async def edit() -> None:
            await _called("edit", self._outlet.edit(external_id, part))
            await self._rows.sent(part.position, external_id, part.digest)

        await whole(edit())

    async def _attach(self, attachment: Attachment, digest: str) -> None:
        await self._rows.sending(ATTACHMENT, partial(self._hint, ATTACHMENT))
        if ATTACHMENT in self._doubtful and await self._settled(ATTACHMENT, None, digest):
            return
        nonce = nonce_of(self._turn_id, "file", digest)
        external_id = await _called("attach", self._outlet.attach(attachment, nonce))
        self._doubtful.pop(ATTACHMENT, None)
        await self._rows.sent(ATTACHMENT, external_id, digest)

    async def _settled(self, position: int, part: Part | None, digest: str = "") -> bool:
        """Whether a part in doubt needs no sending any more: its message was found, or it is to be left."""
        await asyncio.sleep(self._settled_at - _now())
        found = await self._outlet.find(part, self._rows[position].hint, self._rows.known)
        if found.external_id:
            log.info("turn %s, part %s: it was sent as %s", self._turn_id, position, found.external_id)
            del self._doubtful[position]
            await self._rows.sent(position, found.external_id, digest)
            return True
        if found.sure:
            return False
        await self._rows.doubted(position, Doubt.REPEATED if self._repeat else Doubt.LEFT)
        if not self._repeat:
            del self._doubtful[position]
        return not self._repeat

    def _hint(self, position: int) -> str:
        """A process that has just begun knows less of a place than the rows: looked for among the messages before it, a
        part would take an earlier one's lost copy for its own, and stand before it.
        """
        rows = self._rows
        before = [at for at in rows if at < position and rows[at].external_id]
        return self._outlet.hint(rows[max(before)].external_id if before else "")

    def _is_surplus(self, position: int, parts: int, digest: str) -> bool:
        if position == ATTACHMENT:
            return self._rows.stands(position) and self._rows[position].digest != digest
        return position >= parts


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _called(name: str, call: Awaitable[T]) -> T:
    """A call to the platform, between its two points."""
    faults.reach(f"{name} begins")
    done = await call
    faults.reach(f"{name} ends")
    return done


def _digest(attachment: Attachment) -> str:
    named = f"{attachment.name}\n{attachment.media_type}\n".encode()
    return hashlib.blake2s(named + attachment.content, digest_size=12).hexdigest()
