"""The presenter: shows one turn's events on its outlet, while they come and when they have ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from functools import cached_property

from bot.delivery import buttons
from bot.delivery.keeping import keep
from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Outlet, Shown
from bot.delivery.progress import Progress, happens
from bot.delivery.retrying import Patience
from bot.domain import Attachment, Delivery, Event, Preferences, Reply, SentPart, Turn, TurnState
from bot.errors import DeliveryError, NotFound, TakenOver, TryLater, Unreachable
from bot.ports import LanguageTools, Storage, Texts, UnitOfWork

log = logging.getLogger(__name__)

TYPING_AFTER = 0.3  # an answer that is there sooner needs no “typing …”
TYPING_EVERY = 4.0  # platforms show it for five to ten seconds
FIRST_TEXT = 0.3  # text that comes piece by piece is shown so soon after the second piece
ONE_PIECE = 1.5  # text in one piece is most likely the whole answer, about to be completed
PLACE_AFTER = 3.0  # who waits for the model so long is told how many are before them


class Presentation:
    """One turn, as it was taken up, on its way to its outlet. `run` presents it; cancelling `run` leaves what stands
    there as it is. `notice` is a remark under the reply. `repeat`: see `Outbox`.
    """

    def __init__(
        self,
        turn: Turn,
        events: AsyncGenerator[Event, None],
        outlet: Outlet,
        pacer: Pacer,
        storage: Storage,
        texts: Texts,
        languages: LanguageTools,
        default_language: str = "en",
        patience: Patience | None = None,
        repeat: bool = True,
        notice: str = "",
    ) -> None:
        self.turn = turn
        self._events = events
        self._outlet = outlet
        self._pacer = pacer
        self._storage = storage
        self._texts = texts
        self._languages = languages
        self._default_language = default_language
        self._preferences = Preferences()
        self._patience = patience
        self._repeat = repeat
        self._notice = notice
        self._progress = Progress()
        self._following: asyncio.Task[None] | None = None
        self._stopped = turn.stopped and turn.unfinished
        self._drafting = False
        self.taken_over = False  # another process works on the turn by now, and its answer is that one's

    def stop(self) -> bool:
        """Stop the answer, as the person wished; what is there stays, with a mark. False if it has ended already."""
        if self._progress.ended.is_set():
            return False
        self._stopped = True
        if self._following is not None:
            self._following.cancel()
        return True

    async def run(self) -> None:
        """Present the turn to its end, and note that it is delivered, or never will be; one that is forgotten or
        delivered by now is let be.

        What the platform refuses is logged. Raises StorageError, what the events raise, and TryLater when patience is
        over.
        """
        known, self._preferences, waits = await self._storage.read(self._begin)
        if not waits:
            return
        following = asyncio.create_task(self._progress.follow(self._events))
        following.add_done_callback(lambda _: self._progress.end())
        typing = asyncio.create_task(self._keep_typing())
        try:
            await asyncio.sleep(0)  # the events have begun: stopping them now marks the turn
            self._following = following
            if self._stopped:
                following.cancel()
            outbox = Outbox(self._storage, self.turn, self._outlet, self._pacer, known, self._patience, self._repeat)
            await self._present(outbox, following, typing)
        finally:
            await _ended(typing)
            await _ended(following)

    def _begin(self, work: UnitOfWork) -> tuple[list[SentPart], Preferences, bool]:
        turn = work.turns.get(self.turn.id)
        preferences = work.users.preferences(self.turn.user_id)
        return list(work.parts.of_turn(self.turn.id)), preferences, turn is not None and turn.to_deliver

    @cached_property
    def _language(self) -> str:
        """The language of what Parley says of its own accord, until the reply tells its own."""
        default = self.turn.origin.locale or self._default_language
        return self._preferences.language or self._languages.detect(self.turn.text, default)

    async def _present(self, outbox: Outbox, following: asyncio.Task[None], typing: asyncio.Task[None]) -> None:
        try:
            delivery = await self._deliver(outbox, following, typing)
            await self._ended(delivery)
        except TakenOver:
            self.taken_over = True
            log.warning("turn %s is another process's by now; this one leaves it alone", self.turn.id)
        except NotFound:
            log.info("turn %s was forgotten while it was being answered", self.turn.id)
            await self._withdraw(outbox)

    async def _ended(self, delivery: Delivery) -> None:
        turn = self.turn
        await keep(
            self._storage, "delivery ended", lambda work: work.deliveries.ended(turn.id, delivery, turn.attempts)
        )

    async def _deliver(self, outbox: Outbox, following: asyncio.Task[None], typing: asyncio.Task[None]) -> Delivery:
        try:
            with self._pacer.streaming(self._outlet.place, self._outlet.group):
                await self._grow(outbox)
                await _ended(typing)
                shown, attachment = await self._outcome(following)
                await outbox.finish(self._outlet.render(shown), attachment)
        except TryLater:
            raise
        except DeliveryError as error:
            log.warning("turn %s cannot be delivered: %s", self.turn.id, type(error).__name__)
            await outbox.failed()
            return Delivery.UNDELIVERABLE
        return Delivery.DELIVERED

    async def _withdraw(self, outbox: Outbox) -> None:
        """Take away what stands there of a forgotten turn."""
        try:
            await outbox.remove()
        except DeliveryError as error:
            log.warning("turn %s: what was shown could not be removed: %s", self.turn.id, type(error).__name__)

    async def _grow(self, outbox: Outbox) -> None:
        """Show the text while it is written."""
        pace, progress = self._pacer.pace, self._progress
        self._drafting = self._outlet.drafts and outbox.empty
        await self._until_it_begins(outbox)
        every = FIRST_TEXT if await happens(progress.streams, ONE_PIECE) else 0.0
        painted = ""
        while not await happens(progress.ended, every):
            if progress.text != painted and progress.text.strip():
                painted = progress.text
                await self._paint(outbox, painted)
            every = pace.draft_every if self._drafting else pace.edit_every

    async def _until_it_begins(self, outbox: Outbox) -> None:
        """Wait for the first text, or the end. Who waits long for the model is told their place."""
        told, pause = "", PLACE_AFTER
        while not await happens(self._progress.began, pause):
            waiting = self._progress.waiting
            if waiting is None:
                continue
            minutes = max(1, round(waiting.seconds / 60))
            sentence = self._texts("waiting-place", self._language, before=waiting.place, minutes=minutes)
            if sentence != told:
                told = sentence
                await self._paint(outbox, sentence)

    async def _paint(self, outbox: Outbox, text: str) -> None:
        """Show unfinished text once. What cannot be shown now is dropped."""
        self._drafting = await self._painted(outbox, text, self._drafting)

    async def _painted(self, outbox: Outbox, text: str, drafting: bool) -> bool:
        """Whether drafts may go on being used."""
        stop = buttons.while_writing(self.turn.id, self._language, self._texts)
        parts = self._outlet.render(Shown(text, self._language, finished=False, buttons=stop))
        try:
            if not drafting:
                await outbox.grow(parts)
                return False
            await outbox.grow(parts[:-1])
            if not parts or not self._pacer.may_draft(self._outlet.place, self._outlet.group):
                return True
            return await self._outlet.draft(parts[-1])
        except TryLater as error:
            if error.after is not None:
                self._pacer.hold(self._outlet.place, error.after, self._outlet.group)
            return drafting
        except Unreachable:
            raise
        except DeliveryError as error:  # of this unfinished text only, perhaps: the answer is yet to come
            log.info("turn %s: unfinished text is refused: %s", self.turn.id, type(error).__name__)
            return drafting

    async def _outcome(self, following: asyncio.Task[None]) -> tuple[Shown, Attachment | None]:
        """What is to stand at the end, however it ended. Raises the error that the events ended by."""
        progress = self._progress
        await asyncio.wait([following])
        if not following.cancelled() and (error := following.exception()) is not None:
            raise error
        reply = progress.reply or await self._kept()
        if reply is not None:
            return self._finished(reply), reply.attachment
        mark = progress.reason or self._texts("interrupted", self._language)
        text = progress.text.rstrip()
        return Shown(text or mark, self._language, notice=self._noticed(mark if text else "")), None

    def _finished(self, reply: Reply) -> Shown:
        rows = buttons.when_finished(self.turn.id, reply, self._texts)
        notice = self._noticed(reply.notice)
        return Shown(reply.text, reply.language, True, reply.citations, notice, rows, reply.private)

    def _noticed(self, notice: str) -> str:
        return "\n".join(line for line in (notice, self._notice) if line)

    async def _kept(self) -> Reply | None:
        """The reply, where it was kept in the very moment in which the answer was stopped. Raises NotFound where the
        turn was forgotten.
        """

        def find(work: UnitOfWork) -> Reply | None:
            turn = work.turns.get(self.turn.id)
            if turn is None:
                raise NotFound(f"There is no turn {self.turn.id}.")
            return work.turns.reply(self.turn.id) if turn.state is TurnState.ANSWERED else None

        return await self._storage.read(find)

    async def _keep_typing(self) -> None:
        """Show that something is being done, as long as it is. It is only a courtesy: what goes wrong is dropped."""
        pause = TYPING_AFTER
        while not await happens(self._progress.ended, pause):
            pause = TYPING_EVERY
            if self._pacer.held(self._outlet.place) > 0:
                continue
            try:
                await self._outlet.working()
            except TryLater as error:
                pause = max(pause, error.after or 0.0)
            except DeliveryError:
                return


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task of ours and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # looked at already, or of no interest any more
