"""Answering: takes accepted turns through their lanes to the outlets of the channels that are up."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bot.delivery.conductor import Conductor
from bot.delivery.lanes import Lanes
from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Outlet, Outlets
from bot.delivery.presenter import Presentation
from bot.delivery.retrying import Patience
from bot.domain import Channel, Origin, Turn, TurnState
from bot.errors import DeliveryError
from bot.ports import LanguageTools, Storage, Texts, UnitOfWork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel that is up, with its pace."""

    outlets: Outlets
    pacer: Pacer

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet:
        return self.outlets.outlet(conversation_id, origin)


class Answering:
    """Answers turns, each conversation in order. `lanes` takes them; what is being presented can be stopped."""

    def __init__(
        self,
        storage: Storage,
        conductor: Conductor,
        texts: Texts,
        languages: LanguageTools,
        default_language: str = "en",
        patience: Patience | None = None,
    ) -> None:
        self._storage = storage
        self._conductor = conductor
        self._texts = texts
        self._languages = languages
        self._default_language = default_language
        self._patience = patience
        self._open: dict[tuple[Channel, str], OpenChannel] = {}
        self._presented: dict[int, Presentation] = {}
        self._unwanted: set[int] = set()  # turns that were stopped before they began
        self.lanes = Lanes(self._answer)

    def open(self, outlets: Outlets) -> None:
        """A channel is up."""
        self._open[outlets.channel, outlets.bot] = OpenChannel(outlets, Pacer(outlets.pace))

    def close_channel(self, outlets: Outlets) -> None:
        """A channel is down: its turns stay accepted until it is up again."""
        self._open.pop((outlets.channel, outlets.bot), None)

    def channel(self, channel: Channel, bot: str) -> OpenChannel | None:
        """A channel that is up."""
        return self._open.get((channel, bot))

    def stop(self, turn: Turn) -> bool:
        """Stop the answer to a turn and mark what is shown of it, at once or, where it waits (an earlier run may have
        shown a part of it), as soon as it is its turn; False if it is neither being written nor waits.
        """
        presented = self._presented.get(turn.id)
        if presented is not None:
            return presented.stop()
        waits = (*self.lanes.waiting(turn.conversation_id), self.lanes.current(turn.conversation_id))
        if not any(other is not None and other.id == turn.id for other in waits):
            return False
        self._unwanted.add(turn.id)
        return True

    async def drop(self, turn: Turn) -> bool:
        """Stop quietly and take away what is shown; False if nothing was done for the turn. Raises StorageError."""
        if not await self.lanes.cancel(turn.id):
            return False
        await self.interrupt(turn.id)
        opened = self._open.get((turn.channel, turn.bot))
        if opened is not None:
            parts = await self._storage.read(lambda work: list(work.parts.of_turn(turn.id)))
            outlet = opened.outlet(turn.conversation_id, turn.origin)
            try:
                await Outbox(self._storage, turn.id, outlet, opened.pacer, parts, self._patience).remove()
            except DeliveryError as error:
                log.warning("turn %s: what was shown could not be removed: %s", turn.id, type(error).__name__)
        return True

    async def interrupt(self, turn_id: int) -> None:
        """Mark a turn that nobody works on as interrupted, if it was unfinished. Raises StorageError."""
        now = self._conductor.now()

        def end(work: UnitOfWork) -> None:
            turn = work.turns.get(turn_id)
            if turn is not None and turn.state in (TurnState.ACCEPTED, TurnState.WORKING):
                work.turns.end(turn_id, TurnState.INTERRUPTED, now)

        await self._storage.run(end)

    async def _answer(self, turn: Turn) -> None:
        opened = self._open.get((turn.channel, turn.bot))
        if opened is None:
            log.warning("turn %s waits until its channel %s (bot %r) is up", turn.id, turn.channel, turn.bot)
            return
        if turn.origin.replaces:
            await self._storage.run(lambda work: _take_over(work, turn))
        presentation = Presentation(
            turn,
            self._conductor.answer(turn, lambda: self.lanes.handing_back),
            opened.outlet(turn.conversation_id, turn.origin),
            opened.pacer,
            self._storage,
            self._texts,
            self._languages,
            self._default_language,
            self._patience,
        )
        self._presented[turn.id] = presentation
        if turn.id in self._unwanted:
            presentation.stop()
        try:
            await presentation.run()
        finally:
            del self._presented[turn.id]
            self._unwanted.discard(turn.id)


def _take_over(work: UnitOfWork, turn: Turn) -> None:
    """The parts of the turn that this one replaces become its own; that one may have replaced another in its time.
    Nothing is done for a turn that was forgotten while it waited.
    """
    replaced = work.turns.get(turn.id)
    while replaced is not None and replaced.origin.replaces:
        old = replaced.origin.replaces
        work.parts.take_over(old, turn.id)
        replaced = work.turns.get(old)
