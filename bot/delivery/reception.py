"""The reception: what a channel calls when something comes in. All that happens afterwards is the delivery's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.delivery.access import Gate, Verdict
from bot.delivery.answering import Answering
from bot.delivery.inbox import Inbox, Outdated, Refused
from bot.delivery.keeping import commit
from bot.delivery.ports import EventSource, Outlets, TurnQueue
from bot.delivery.pressing import Notice, Presses
from bot.delivery.retrying import Patience
from bot.delivery.speaking import Speaker
from bot.domain import Channel, Incoming, Opinion, Origin, Turn, TurnState, User
from bot.domain.text import clean
from bot.errors import InvalidInput
from bot.ports import LanguageTools, Storage, Texts, UnitOfWork

__all__ = ["Notice", "Reception"]

_STOP = re.compile(r"/stop(?:@\w+)?", re.IGNORECASE)


def _now() -> datetime:
    return datetime.now(UTC)


class Reception:
    """Takes in messages, edits, presses and reactions of every channel that is open.

    >>> async def serve(reception: Reception, outlets: Outlets, incoming: Incoming) -> None:
    ...     reception.open(outlets)
    ...     await reception.resume(outlets)
    ...     await reception.receive(incoming)  # when it returns, the platform's update may be confirmed
    ...     await reception.aclose()
    """

    def __init__(
        self,
        storage: Storage,
        inbox: Inbox,
        conductor: EventSource,
        texts: Texts,
        languages: LanguageTools,
        gate: Gate,
        default_language: str = "en",
        now: Callable[[], datetime] = _now,
        patience: Patience | None = None,
        queue: TurnQueue | None = None,
    ) -> None:
        self._storage = storage
        self._inbox = inbox
        self._texts = texts
        self._languages = languages
        self._gate = gate
        self._default_language = default_language
        self._rules = inbox.rules
        self._answering = Answering(
            storage, conductor, texts, languages, default_language, patience, inbox.rules, queue
        )
        self._speaker = Speaker(self._answering)
        self._presses = Presses(storage, self._answering, gate, texts, self._accept, default_language, now)

    def open(self, outlets: Outlets) -> None:
        """A channel is up: its replies can be delivered. Its `bot` is that of its `Incoming`s."""
        self._answering.open(outlets)

    def close_channel(self, outlets: Outlets) -> None:
        """A channel is down; what comes in for it stays accepted until it is up again."""
        self._answering.close_channel(outlets)

    async def resume(self, outlets: Outlets) -> int:
        """Take up what a channel's earlier run left to be answered or delivered; gives how many turns. Raises
        StorageError.
        """
        return await self._answering.lookout.resume(outlets.channel, outlets.bot)

    async def receive(self, incoming: Incoming) -> Turn | None:
        """Take in a message. When it returns, the turn is kept, and the platform's update may be confirmed.

        None: there is no new turn, because the person is banned, limited or a stranger, the update was there already,
        or the text was `/stop` or nothing to work on; where it helps, the person is told. Raises StorageError.
        """
        if _STOP.fullmatch(incoming.text.strip()):
            await self._stop_said(incoming)
            return None
        return await self._accept_or_tell(incoming)

    async def admits(self, user: User, admin: bool = False) -> bool:
        """Whether a person is let in, for what begins no turn (an inline query): nothing is kept, nothing is said."""
        return await self._gate.lets_in(user, admin)

    async def edited(self, incoming: Incoming) -> Turn | None:
        """A question's message (`origin.message_id`) was edited: if it is being answered, or is the last one that the
        person asked there, it is answered anew in place. None if nothing changes, or it says `/stop` now.
        `update_id` is the edit's own. Raises StorageError.
        """
        while True:
            try:
                return await self._edited(incoming)
            except Outdated:  # another edit, or a press, came in between: look again
                continue

    async def _edited(self, incoming: Incoming) -> Turn | None:

        def look(work: UnitOfWork) -> tuple[Turn | None, Turn | None]:
            asked = work.turns.of_message(
                incoming.user.channel, incoming.bot, incoming.conversation_id, incoming.origin.message_id
            )
            known = work.users.get(asked.user_id) if asked is not None else None
            if asked is None or known is None or known.external_id != incoming.user.external_id:
                return None, None
            return asked, work.turns.latest(incoming.conversation_id, known.id)

        if not incoming.origin.message_id:
            return None
        old, latest = await self._storage.read(look)
        if old is None or clean(incoming.text) == old.text:
            return None
        in_work = old.unfinished
        if not in_work and (latest is None or latest.id != old.id):
            return None
        if _STOP.fullmatch(incoming.text.strip()):
            await self._stop_said(incoming)
            return None
        new = await self._accept_or_tell(_replacing(incoming, old), first=in_work)
        if new is not None:
            await self._answering.queue.cancel(old.id, wait=False)  # the new one begins when the old one has ended
        return new

    async def deleted(self, channel: Channel, bot: str, conversation_id: str, message_id: str) -> None:
        """A question was deleted: if it is still being answered, that ends, and what is shown of it is removed."""
        turn = await self._storage.read(
            lambda work: work.turns.of_message(channel, bot, conversation_id, message_id) if message_id else None
        )
        if turn is not None:
            await self._answering.drop(turn)

    async def pressed(
        self, user: User, conversation_id: str, action: str, origin: Origin, update_id: str, bot: str
    ) -> Notice:
        """A button was pressed. `origin` is that of a message at its place: address, locale, group, admin."""
        return await self._presses.pressed(user, conversation_id, action, origin, update_id, bot)

    async def opinion(
        self,
        user: User,
        conversation_id: str,
        external_id: str,
        opinion: Opinion | None,
        bot: str = "",
        admin: bool = False,
    ) -> bool:
        """A reaction was given to the platform's message `external_id`, or with None taken back."""
        return await self._presses.opinion(user, conversation_id, external_id, opinion, bot, admin)

    async def stop(self, conversation_id: str, user_id: int | None = None, message_id: str = "") -> bool:
        """Stop what is being answered there, and what waits, of one person or (None) of all; False if there is none.
        What was asked after the message that says so goes on: the platform may give that message again.
        """
        stopped = False
        for turn in await self._unfinished(conversation_id, user_id):
            if turn.origin.follows(message_id):
                continue
            if turn.attempts == 0 and await self._answering.queue.cancel(turn.id):  # nothing is shown of it
                await self._answering.interrupt(turn.id)
                stopped = True
            else:
                stopped = await self._answering.stop(turn) or stopped
        # What is being presented may have been forgotten meanwhile.
        return self._answering.stop_presented(conversation_id, user_id, message_id) or stopped

    async def aclose(self, deadline: float = 10.0) -> None:
        """Finish what is being answered within the deadline; all else is taken up by the next start's `resume`."""
        await self._answering.close(deadline)
        await self._speaker.close(min(deadline, 2.0))

    async def _accept(self, incoming: Incoming, first: bool = False) -> Turn | None:
        turn, fresh = await self._inbox.accept_incoming(incoming, self._gate)
        if fresh or turn.to_deliver:  # given again by the platform, perhaps because it could not be queued before
            await self._queue(turn, first)
        return turn if fresh else None

    async def _queue(self, turn: Turn, first: bool) -> None:
        if self._rules.while_answering == "replace" and not turn.origin.replaces:
            await self._stop_before(turn)
        joining = self._rules.while_answering == "join" and not turn.text.startswith("/")
        if joining and turn.origin.replaces:
            await self._answering.queue.cancel(turn.origin.replaces, wait=False)
        await self._answering.queue.put(turn, first, self._rules.join_within.total_seconds() if joining else 0.0)

    async def _stop_before(self, turn: Turn) -> None:
        """The person has thought of something else: what they asked before is answered no further."""
        for other in await self._unfinished(turn.conversation_id, turn.user_id):
            if other.id < turn.id:
                await self._answering.stop(other)

    async def _accept_or_tell(self, incoming: Incoming, first: bool = False) -> Turn | None:
        try:
            return await self._accept(incoming, first)
        except Refused as refused:
            await self._tell(incoming, refused.verdict)
        except InvalidInput as error:
            verdict = await commit(self._storage, "person seen", lambda work: self._admit(work, incoming)[1])
            told = Verdict(False, error.text_id, error.values) if verdict.admitted else verdict
            await self._tell(incoming, told)
        return None

    async def _stop_said(self, incoming: Incoming) -> None:
        known, verdict = await commit(self._storage, "person seen", lambda work: self._admit(work, incoming))
        if not verdict.admitted:
            await self._tell(incoming, verdict)
            return
        whose, said = None if incoming.origin.admin else known.id, incoming.origin.message_id
        if not await self.stop(incoming.conversation_id, whose, said):
            latest = await self._storage.read(lambda work: work.turns.latest(incoming.conversation_id, known.id))
            if latest is not None and (latest.state is TurnState.INTERRUPTED or latest.origin.follows(said)):
                return  # said twice, or given again by the platform
            await self._tell(incoming, Verdict(False, "stop-nothing"))

    def _admit(self, work: UnitOfWork, incoming: Incoming) -> tuple[User, Verdict]:
        known = work.users.ensure(incoming.user)
        return known, self._gate.admit(work, known, incoming.origin.admin)

    async def _tell(self, incoming: Incoming, verdict: Verdict) -> None:
        """Say why nothing was taken in, in the person's language."""
        if not verdict.text_id:
            return
        language = await self._language(incoming)
        self._speaker.say(incoming, self._texts(verdict.text_id, language, **verdict.values), language)

    async def _language(self, incoming: Incoming) -> str:
        preferences = await commit(
            self._storage, "person seen", lambda work: work.users.preferences(work.users.ensure(incoming.user).id)
        )
        default = incoming.origin.locale or self._default_language
        text = "" if _STOP.match(incoming.text) else incoming.text
        return preferences.language or self._languages.detect(text[:1000], default)

    async def _unfinished(self, conversation_id: str, user_id: int | None) -> list[Turn]:
        """The unfinished turns there, of one person or (None) of all, in the order in which they are answered."""
        turns = await self._storage.read(lambda work: list(work.turns.unfinished(conversation_id)))
        return [turn for turn in turns if user_id in (None, turn.user_id)]


def _replacing(incoming: Incoming, old: Turn) -> Incoming:
    """The edited message, which takes the place of the old turn. An edit tells less than the message did."""
    origin = replace(
        incoming.origin,
        replaces=old.id,
        files=incoming.origin.files or old.origin.files,
        quoted=incoming.origin.quoted or old.origin.quoted,
        quoted_ours=incoming.origin.quoted_ours or old.origin.quoted_ours,
    )
    return replace(incoming, origin=origin)
