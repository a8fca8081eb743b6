"""What is noted of the parts of one turn, in the outbox's table and at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from bot.delivery.keeping import keep
from bot.delivery.ports import Part
from bot.domain import Doubt, PartState, SentPart, Turn
from bot.ports import Storage, UnitOfWork

ATTACHMENT = 1_000_000
"""The position under which a reply's file is kept: behind every part."""


class PartRows:
    """The rows of a turn as it was taken up; `known` is what storage says of them when the work begins. Every change is
    kept before the method returns; it raises NotFound, TakenOver and StorageError.
    """

    def __init__(self, storage: Storage, turn: Turn, known: Iterable[SentPart]) -> None:
        self._storage = storage
        self._turn = turn
        self._rows = {part.position: part for part in known}
        self._inherited = set(self._rows)

    def __getitem__(self, position: int) -> SentPart:
        return self._rows[position]

    def __iter__(self) -> Iterator[int]:
        """The positions."""
        return iter(self._rows)

    def stands(self, position: int) -> bool:
        """Whether nothing is to be sent there: it stands on the platform, or is left in doubt."""
        row = self._rows.get(position)
        return row is not None and (bool(row.external_id) or row.doubt is Doubt.LEFT)

    @property
    def last(self) -> int:
        """The last position at which text stands; -1 where none does."""
        return max((at for at, row in self._rows.items() if at != ATTACHMENT and row.external_id), default=-1)

    def differs(self, part: Part) -> bool:
        """Whether what stands there looks otherwise."""
        row = self._rows[part.position]
        return bool(row.external_id) and row.digest != part.digest

    def in_doubt(self, position: int) -> bool:
        """Whether a run that was broken off may have sent it."""
        row = self._rows[position]
        return row.state is PartState.SENDING and row.doubt is not Doubt.LEFT

    async def sending(self, position: int, hint: Callable[[], str]) -> None:
        """The part is about to be sent; what was noted of an earlier try stays."""
        row = self._rows.get(position)
        if row is None or row.state is PartState.FAILED:
            found = hint()
            self._rows[position] = SentPart(self._turn.id, position, PartState.SENDING, hint=found)
            await self._note("part sending", "sending", position, found)

    def is_inherited(self, position: int) -> bool:
        """Whether an earlier run wrote it, and this one has not touched it yet."""
        return position in self._inherited

    async def editing(self, position: int) -> None:
        """The part is about to be edited. What an earlier run noted may be what this one wants at its end: until the
        edit is noted, nobody knows what stands there.
        """
        if position in self._inherited and self._rows[position].digest:
            await self.sent(position, self._rows[position].external_id, "")

    async def sent(self, position: int, external_id: str, digest: str) -> None:
        self._inherited.discard(position)
        row = self._rows[position]
        self._rows[position] = replace(row, state=PartState.SENT, external_id=external_id, digest=digest)
        await self._note("part sent", "sent", position, external_id, digest)

    async def doubted(self, position: int, doubt: Doubt) -> None:
        self._rows[position] = replace(self._rows[position], doubt=doubt)
        await self._note("part in doubt", "doubted", position, doubt)

    async def removed(self, position: int) -> None:
        del self._rows[position]
        await self._note("part removed", "removed", position)

    async def failed(self) -> None:
        """The platform will never take what it has not taken."""
        waiting = [at for at, row in self._rows.items() if row.state is not PartState.SENT] or [len(self._rows)]

        def note(work: UnitOfWork) -> None:
            for position in waiting:
                work.parts.failed(self._turn.id, position, self._turn.attempts)

        await keep(self._storage, "part failed", note)

    async def gone(self, hints: Mapping[int, str]) -> None:
        """Parts were deleted under us, and are about to be sent anew: their rows keep the old ids until then."""

        def note(work: UnitOfWork) -> None:
            for at, hint in hints.items():
                work.parts.sending(self._turn.id, at, self._turn.attempts, hint)

        await keep(self._storage, "part gone", note)

    def begin_anew(self, position: int, hint: str) -> None:
        """Nothing stands at a position any more."""
        self._rows[position] = SentPart(self._turn.id, position, PartState.SENDING, hint=hint)

    async def known(self, external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """Of these messages, those that storage knows, with their conversations."""
        return await self._storage.read(lambda work: work.parts.known(self._turn, external_ids))

    async def _note(self, name: str, change: str, position: int, *values: object) -> None:
        def work(work: UnitOfWork) -> None:
            getattr(work.parts, change)(self._turn.id, position, self._turn.attempts, *values)

        await keep(self._storage, name, work)
