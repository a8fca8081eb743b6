"""What storage keeps of turns: what became of them, how far their delivery is, and what stands on the platform."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import Channel, Delivery, Doubt, Message, Reply, SentPart, Turn, TurnState


class Turns(Protocol):
    """Turns and what became of them."""

    def accept(self, turn: Turn) -> tuple[Turn, bool]:
        """Keep a turn and its message. A known (channel, bot, update_id) changes nothing and gives (the old, False)."""
        ...

    def get(self, turn_id: int) -> Turn | None: ...

    def start(self, turn_id: int, now: datetime) -> None: ...

    def finish(self, turn_id: int, reply: Reply, now: datetime) -> Message:
        """Keep the reply with its citations and mark the turn answered. A replaced turn keeps nothing: the message
        that it gives has the id 0.
        """
        ...

    def end(self, turn_id: int, state: TurnState, now: datetime, text: str = "", reason: str = "") -> None:
        """Mark a turn interrupted or failed, with the text that the person had seen until then."""
        ...

    def unfinished(self, conversation_id: str | None = None) -> Sequence[Turn]:
        """Accepted and working turns, everywhere or of one conversation, oldest first."""
        ...

    def reply(self, turn_id: int) -> Reply | None:
        """The kept reply, whole but for its data (and its attachment, once that was delivered); None while there is
        none, or only what a person saw before it was broken off.
        """
        ...

    def seen(self, turn_id: int) -> str:
        """What a person saw of a reply before it was broken off."""
        ...

    def replace(self, turn_id: int, now: datetime) -> None:
        """Mark a turn as replaced, in whatever state it is: its messages leave the history, its parts are another's."""
        ...

    def of_message(self, channel: Channel, bot: str, conversation_id: str, message_id: str) -> Turn | None:
        """The latest turn that the person's message with that platform id began."""
        ...

    def latest(self, conversation_id: str, user_id: int) -> Turn | None:
        """The person's last turn there that was not replaced."""
        ...

    def count_since(self, user_id: int, since: datetime) -> int:
        """How many turns the person has begun since then: for rate limits."""
        ...


class Deliveries(Protocol):
    """Turns on their way: who has taken them up, and how far the delivery of what came of them is."""

    def take_up(self, turn_id: int, now: datetime) -> Turn | None:
        """Begin to work on a turn, which is WORKING then unless it has ended, and count that: `attempts` of the turn
        that it gives is what its parts are changed with. None where there is nothing to do: it was forgotten, replaced,
        or all was delivered.
        """
        ...

    def waiting(self, channel: Channel, bot: str) -> Sequence[Turn]:
        """The turns of a channel for which something is yet to be done (`Turn.to_deliver`), oldest first."""
        ...

    def pending(self, limit: int = 100) -> Sequence[Turn]:
        """The same of all channels."""
        ...

    def before(self, turn_id: int) -> Sequence[Turn]:
        """The turns of the same conversation and bot that were accepted before and wait still, oldest first."""
        ...

    def backlog(self, conversation_id: str) -> tuple[int, int]:
        """How many unfinished turns there are that go to a platform: everywhere, and in the conversation."""
        ...

    def ended(self, turn_id: int, delivery: Delivery, attempt: int) -> None:
        """Note how the delivery ended; a kept attachment goes. Raises NotFound and TakenOver."""
        ...

    def handed_back(self, turn_id: int, attempt: int) -> None:
        """Note that the turn is let go on purpose, for another run: this attempt does not speak against it. Raises
        NotFound and TakenOver.
        """
        ...

    def stop(self, turn_id: int) -> None:
        """Note that the person wants no answer any more: whoever works on the turn, now or later, ends it."""
        ...

    def troubled(self, limit: int = 100) -> Sequence[Turn]:
        """The turns that failed or cannot be delivered, and those of which a part is in doubt, newest first; what was
        replaced is of no interest any more.
        """
        ...

    def again(self, turn_id: int) -> bool:
        """Have a turn answered that had failed, or delivered that could not be, as if nobody had tried before; False
        where there is none such.
        """
        ...


class Parts(Protocol):
    """The outbox: which parts of which reply stand on the platform.

    `attempt` is that of the turn as it was taken up (`Turns.take_up`): what a process notes whose turn another has
    taken up since raises TakenOver, and changes nothing. Changing a part of an unknown turn raises NotFound.
    """

    def sending(self, turn_id: int, position: int, attempt: int, hint: str = "") -> None:
        """Note that a part is about to be sent; one that is there already keeps its external id, but not its digest:
        until the call is back, what the platform shows is in doubt.
        """
        ...

    def sent(self, turn_id: int, position: int, attempt: int, external_id: str, digest: str) -> None: ...

    def failed(self, turn_id: int, position: int, attempt: int) -> None: ...

    def doubted(self, turn_id: int, position: int, attempt: int, doubt: Doubt) -> None:
        """Note what was done about a part of which nobody can tell whether it was sent."""
        ...

    def removed(self, turn_id: int, position: int, attempt: int) -> None:
        """Take out a part that stands on the platform no more."""
        ...

    def of_turn(self, turn_id: int) -> Sequence[SentPart]:
        """By position."""
        ...

    def take_over(self, old_turn: int, new_turn: int) -> None:
        """The parts of a replaced turn become those of the new one, to be edited; they follow those that it may have
        already. Raises NotFound.
        """
        ...

    def known(self, turn: Turn, external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """Of these messages, those that are parts of replies of the turn's bot, or what people wrote to it at about the
        turn's time; each with its conversations, as an id may be of one chat alone.
        """
        ...

    def turn_of(self, channel: Channel, bot: str, conversation_id: str, external_id: str) -> Turn | None:
        """The turn whose reply has that message on the platform: what is replied to, or reacted on."""
        ...
