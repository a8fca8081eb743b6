"""What happens when a button is pressed, or a reaction given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.delivery import actions, buttons
from bot.delivery.access import Gate, Verdict
from bot.delivery.actions import Again, Bad, Good, Say, Stop
from bot.delivery.answering import Answering
from bot.delivery.inbox import Outdated, Refused
from bot.delivery.keeping import commit
from bot.domain import Incoming, Opinion, Origin, Turn, TurnState, User
from bot.domain.text import clean
from bot.errors import InvalidInput, NotFound
from bot.ports import Storage, Texts, UnitOfWork

UNFINISHED = (TurnState.ACCEPTED, TurnState.WORKING)


PERSONAL = frozenset({"forget", "language", "persona"})
"""Skills whose choices change something of the person who asked: pressed by another, they would change theirs."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the platform shows to the one who pressed; an empty text shows nothing. `alert`: to be confirmed."""

    text: str = ""
    alert: bool = False


@dataclass(frozen=True, slots=True)
class _Press:
    """A press, with what storage knows of it. `turn` is None where the button is of no use any more."""

    user: User
    conversation_id: str
    origin: Origin
    update_id: str
    bot: str
    language: str
    verdict: Verdict
    turn: Turn | None = None
    asker: User | None = None
    offered: tuple[str, ...] = ()
    latest: Turn | None = None  # of the person who pressed
    personal: bool = False  # the choice is for the one who asked alone


class Presses:
    """Carries out what a button says. `accept` takes a further turn in; it raises InvalidInput, Refused and
    Outdated.
    """

    def __init__(
        self,
        storage: Storage,
        answering: Answering,
        gate: Gate,
        texts: Texts,
        accept: Callable[[Incoming], Awaitable[Turn | None]],
        default_language: str,
        now: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._answering = answering
        self._gate = gate
        self._texts = texts
        self._accept = accept
        self._default_language = default_language
        self._now = now

    async def pressed(
        self, user: User, conversation_id: str, action: str, origin: Origin, update_id: str, bot: str
    ) -> Notice:
        """Do what the button says; the notice tells the person what came of it. Raises StorageError."""
        wish = actions.read(action)

        def look(work: UnitOfWork) -> _Press:
            known = work.users.ensure(user)
            language = work.users.preferences(known.id).language or origin.locale or self._default_language
            verdict = self._gate.admit(work, known, origin.admin)
            press = _Press(known, conversation_id, origin, update_id, bot, language, verdict)
            turn = work.turns.get(wish.turn) if wish is not None else None
            if turn is None or (turn.channel, turn.bot, turn.conversation_id) != (user.channel, bot, conversation_id):
                return press
            reply = work.turns.reply(turn.id) if isinstance(wish, Say) else None
            return replace(
                press,
                turn=turn,
                asker=work.users.get(turn.user_id),
                offered=buttons.offered(reply) if reply is not None else (),
                latest=work.turns.latest(conversation_id, known.id),
                personal=reply is not None and reply.skill in PERSONAL,
            )

        press = await commit(self._storage, "button pressed", look)
        if not press.verdict.admitted:
            return self._refusal(press.verdict, press.language)
        if wish is None or press.turn is None or press.turn.state is TurnState.REPLACED:
            return self._notice("notice-expired", press)
        match wish:
            case Stop():
                return await self._stop(press, press.turn)
            case Again():
                return await self._again(press, press.turn)
            case Say(_, index):
                return await self._say(press, index)
            case Good() | Bad():
                opinion = Opinion.GOOD if isinstance(wish, Good) else Opinion.BAD
                given = await self._give(press.turn, press.user, opinion)
                return self._notice("notice-thanks" if given else "notice-expired", press)

    async def opinion(
        self,
        user: User,
        conversation_id: str,
        external_id: str,
        opinion: Opinion | None,
        bot: str = "",
        admin: bool = False,
    ) -> bool:
        """A reaction to a message; None takes it back. False if the message is no reply of ours, or for strangers, of
        whom nothing is kept.
        """
        turn = await self._storage.read(
            lambda work: work.parts.turn_of(user.channel, bot, conversation_id, external_id)
        )
        if turn is None or not await self._gate.lets_in(user, admin):
            return False
        known = await commit(self._storage, "person seen", lambda work: work.users.ensure(user))
        return await self._give(turn, known, opinion)

    async def _give(self, turn: Turn, user: User, opinion: Opinion | None) -> bool:
        """False where the turn was forgotten meanwhile."""
        try:
            await commit(
                self._storage,
                "opinion given",
                lambda work: work.opinions.give(turn.id, user.id, opinion, self._now()),
            )
        except NotFound:
            return False
        return True

    async def _stop(self, press: _Press, turn: Turn) -> Notice:
        if not _may(press, turn):
            return self._notice("notice-not-yours", press)
        stopped = await self._answering.stop(turn)
        return self._notice("notice-stopped" if stopped else "notice-ended", press)

    async def _again(self, press: _Press, turn: Turn) -> Notice:
        if not _may(press, turn) or press.asker is None:
            return self._notice("notice-not-yours", press)
        if turn.state in UNFINISHED:
            return self._notice("notice-busy", press)
        origin = replace(
            turn.origin,
            address={
                **turn.origin.address,
                **press.origin.address,
            },  # an interaction's newer token is the one that works
            replaces=turn.id,
            attempt=turn.origin.attempt + 1,
        )
        return await self._begin(press, press.asker, turn.text, origin)

    async def _say(self, press: _Press, index: int) -> Notice:
        if index >= len(press.offered):
            return self._notice("notice-expired", press)
        if press.personal and press.turn is not None and press.user.id != press.turn.user_id:
            return self._notice("notice-not-yours", press)
        text, latest = press.offered[index], press.latest
        if latest is not None and latest.text == clean(text) and latest.state in UNFINISHED:
            return self._notice("notice-busy", press)  # pressed twice, as people do while nothing seems to happen
        return await self._begin(press, press.user, text, press.origin)

    async def _begin(self, press: _Press, user: User, text: str, origin: Origin) -> Notice:
        incoming = Incoming(user, press.conversation_id, text, press.update_id, origin, press.bot)
        try:
            await self._accept(incoming)
        except Refused as refused:
            return self._refusal(refused.verdict, press.language)
        except Outdated:
            return self._notice("notice-expired", press)
        except InvalidInput as error:
            return Notice(self._texts(error.text_id, press.language, **error.values), alert=True)
        return Notice()

    def _notice(self, text_id: str, press: _Press) -> Notice:
        return Notice(self._texts(text_id, press.language))

    def _refusal(self, verdict: Verdict, language: str) -> Notice:
        if not verdict.text_id:
            return Notice()
        return Notice(self._texts(verdict.text_id, language, **verdict.values), alert=True)


def _may(press: _Press, turn: Turn) -> bool:
    """Only who asked, or an admin, may stop an answer or have another."""
    return press.origin.admin or press.user.id == turn.user_id
