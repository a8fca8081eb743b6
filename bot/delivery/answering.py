"""Answering: takes accepted turns through their lanes to the outlets of the channels that are up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from bot.delivery.keeping import commit, keep
from bot.delivery.lanes import Lanes
from bot.delivery.lookout import Lookout
from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pacer
from bot.delivery.ports import EventSource, Outlet, Outlets, TurnQueue
from bot.delivery.presenter import Presentation
from bot.delivery.retrying import Patience
from bot.delivery.rules import TurnRules
from bot.delivery.whole import whole
from bot.domain import Channel, Delivery, Event, Origin, Turn, TurnState
from bot.errors import DeliveryError, NotFound, StorageError, TakenOver
from bot.mistakes import place_of
from bot.ports import LanguageTools, Storage, Texts, UnitOfWork

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds, before a turn that broke off is taken up again


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel that is up, with its pace."""

    outlets: Outlets
    pacer: Pacer

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet:
        return self.outlets.outlet(conversation_id, origin)


class Answering:
    """Answers turns, each conversation in order. `queue` takes them; what is being presented can be stopped."""

    def __init__(
        self,
        storage: Storage,
        conductor: EventSource,
        texts: Texts,
        languages: LanguageTools,
        default_language: str = "en",
        patience: Patience | None = None,
        rules: TurnRules | None = None,
        queue: TurnQueue | None = None,
    ) -> None:
        self._storage = storage
        self._conductor = conductor
        self._texts = texts
        self._languages = languages
        self._default_language = default_language
        self._patience = patience
        self._rules = rules or TurnRules()
        self._open: dict[tuple[Channel, str], OpenChannel] = {}
        self._presented: dict[int, Presentation] = {}
        self.queue = queue or Lanes()
        self.queue.work_with(self._answer, self._stop_here)
        self.lookout = Lookout(storage, self.queue, lambda: conductor.now())

    def open(self, outlets: Outlets) -> None:
        """A channel is up."""
        self._open[outlets.channel, outlets.bot] = OpenChannel(outlets, Pacer(outlets.pace))
        self.queue.open(outlets.channel, outlets.bot)
        self.lookout.watch(outlets.channel, outlets.bot)

    def close_channel(self, outlets: Outlets) -> None:
        """A channel is down: its turns stay accepted until it is up again."""
        self.lookout.leave(outlets.channel, outlets.bot)
        self.queue.close_channel(outlets.channel, outlets.bot)
        self._open.pop((outlets.channel, outlets.bot), None)

    async def close(self, deadline: float) -> None:
        """Finish what is being answered within so many seconds."""
        self.lookout.close()
        await self.queue.close(deadline)

    def channel(self, channel: Channel, bot: str) -> OpenChannel | None:
        """A channel that is up."""
        return self._open.get((channel, bot))

    async def stop(self, turn: Turn) -> bool:
        """Stop the answer to a turn and mark what is shown of it, at once or, where it waits (an earlier run may have
        shown a part of it), as soon as it is its turn; False if it has ended already. Raises StorageError.
        """

        def note(work: UnitOfWork) -> bool:
            known = work.turns.get(turn.id)
            if known is None or not known.unfinished:
                return False
            work.deliveries.stop(turn.id)
            return True

        unfinished = await commit(self._storage, "turn stopped", note)
        presented = self._presented.get(turn.id)
        if presented is not None:
            return presented.stop()
        if unfinished:
            await self.queue.stop(turn.id)
        return unfinished

    def _stop_here(self, turn_id: int) -> None:
        """Another process was asked to stop an answer that may be written here."""
        presented = self._presented.get(turn_id)
        if presented is not None:
            presented.stop()

    def stop_presented(self, conversation_id: str, user_id: int | None, message_id: str = "") -> bool:
        """Stop what is being presented there, of one person or (None) of all, whatever storage knows of it; but for
        what was asked after that message.
        """
        here = [shown for shown in self._presented.values() if shown.turn.conversation_id == conversation_id]
        asked = [shown for shown in here if not shown.turn.origin.follows(message_id)]
        stopped = [shown.stop() for shown in asked if user_id in (None, shown.turn.user_id)]
        return any(stopped)

    async def drop(self, turn: Turn) -> None:
        """The question was deleted: end its answer quietly, and take away what is shown of it. A turn that has its
        answer keeps it. Raises StorageError.
        """
        now = self._conductor.now()

        def withdraw(work: UnitOfWork) -> Turn | None:
            known = work.deliveries.take_up(turn.id, now)  # nobody else changes its parts from now on
            if known is None:
                return None
            if known.unfinished:
                work.turns.end(turn.id, TurnState.INTERRUPTED, now)
            work.deliveries.ended(turn.id, Delivery.WITHDRAWN, known.attempts)
            return known

        withdrawn = await commit(self._storage, "turn interrupted", withdraw)
        if withdrawn is not None:
            await self.queue.cancel(turn.id)
            await self.queue.put(withdrawn)

    async def interrupt(self, turn_id: int) -> Turn | None:
        """Mark a turn that nobody works on as interrupted, if it was unfinished, with nothing to be said of it; gives
        the turn as it was taken up. Raises StorageError.
        """
        now = self._conductor.now()

        def end(work: UnitOfWork) -> Turn | None:
            turn = work.deliveries.take_up(turn_id, now)
            if turn is not None:
                if turn.unfinished:
                    work.turns.end(turn_id, TurnState.INTERRUPTED, now)
                work.deliveries.ended(turn_id, Delivery.DELIVERED, turn.attempts)
            return turn

        return await commit(self._storage, "turn interrupted", end)

    async def _answer(self, turn: Turn) -> None:
        """Bring a turn to its end. What breaks off, by a mistake of ours or a database in trouble, is taken up again
        after a while, until `TurnRules.attempts` are used up.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._once(turn)
            except Exception as error:  # noqa: BLE001 - one turn's mistake must not end the lane
                # No traceback: an error's text can hold what a person wrote. The place is enough to find the mistake.
                log.error("turn %s broke off: %s at %s", turn.id, type(error).__name__, place_of(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _once(self, turn: Turn) -> None:
        opened = self._open.get((turn.channel, turn.bot))
        if opened is None:
            log.warning("turn %s waits until its channel %s (bot %r) is up", turn.id, turn.channel, turn.bot)
            return None
        if turn.origin.replaces:
            await keep(self._storage, "parts taken over", lambda work: _take_over(work, turn))
        taken = await keep(
            self._storage, "turn taken up", lambda work: work.deliveries.take_up(turn.id, self._conductor.now())
        )
        if taken is None:
            return None
        if taken.delivery is Delivery.WITHDRAWN:
            return await self._take_away(taken, opened)

        def handing_back() -> bool:
            return self.queue.hands_back(turn.id) or presentation.taken_over

        late = self._conductor.now() - taken.received_at > self._rules.old_after
        presentation = Presentation(
            taken,
            self._events(taken, late, handing_back),
            opened.outlet(turn.conversation_id, turn.origin),
            opened.pacer,
            self._storage,
            self._texts,
            self._languages,
            self._default_language,
            self._patience,
            self._rules.repeat,
            self._say("answered-late", taken) if late and self._apologises(taken) else "",
        )
        self._presented[turn.id] = presentation
        try:
            await presentation.run()
        except asyncio.CancelledError:
            if self.queue.hands_back(turn.id):
                await self._excuse(taken)
            raise
        finally:
            del self._presented[turn.id]

    async def _excuse(self, turn: Turn) -> None:
        """Note that the turn goes back on purpose. Not tried again: a process that ends waits for no database."""
        note = commit(
            self._storage, "turn handed back", lambda work: work.deliveries.handed_back(turn.id, turn.attempts)
        )
        try:
            await whole(note)
        except (StorageError, TakenOver, NotFound) as error:
            log.info("turn %s: it could not be noted that it is handed back: %s", turn.id, type(error).__name__)

    async def _take_away(self, turn: Turn, opened: OpenChannel) -> None:
        parts = await self._storage.read(lambda work: list(work.parts.of_turn(turn.id)))
        outlet = opened.outlet(turn.conversation_id, turn.origin)
        try:
            await Outbox(self._storage, turn, outlet, opened.pacer, parts, self._patience).remove()
        except DeliveryError as error:
            log.warning("turn %s: what was shown could not be removed: %s", turn.id, type(error).__name__)
        await keep(
            self._storage,
            "delivery ended",
            lambda work: work.deliveries.ended(turn.id, Delivery.DELIVERED, turn.attempts),
        )

    def _events(self, turn: Turn, late: bool, handing_back: Callable[[], bool]) -> AsyncGenerator[Event, None]:
        if turn.unfinished and turn.tries > self._rules.attempts:
            log.error("turn %s was taken up %d times in vain; it is given up", turn.id, turn.tries - 1)
            return self._conductor.refuse(turn, self._say("gave-up", turn))
        if turn.unfinished and late and self._rules.expire:
            return self._conductor.refuse(turn, self._say("expired", turn))
        return self._conductor.answer(turn, handing_back)

    def _apologises(self, turn: Turn) -> bool:
        """Whether a late turn gets its answer, and not the note that it is too late for one."""
        return not self._rules.expire or turn.state is TurnState.ANSWERED

    def _say(self, text_id: str, turn: Turn) -> str:
        language = self._languages.detect(turn.text, turn.origin.locale or self._default_language)
        return self._texts(text_id, language)


def _take_over(work: UnitOfWork, turn: Turn) -> None:
    """The parts of the turn that this one replaces become its own; that one may have replaced another in its time.
    Nothing is done for a turn that was forgotten while it waited.
    """
    replaced = work.turns.get(turn.id)
    while replaced is not None and replaced.origin.replaces:
        old = replaced.origin.replaces
        work.parts.take_over(old, turn.id)
        replaced = work.turns.get(old)
