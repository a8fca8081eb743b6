"""Waiting for what the bot answers, until nothing is being written any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.entities import Entity
from tests.support.telegram_server.messages import DRAFT_SECONDS, Message
from tests.support.telegram_server.world import World

Done = Callable[[list[Message]], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """The messages that the bot sent, or whose text it edited, since the answer before; oldest first."""

    messages: tuple[Message, ...]

    @property
    def text(self) -> str:
        """The texts, an empty line between two parts."""
        return "\n\n".join(message.text for message in self.messages)

    @property
    def last(self) -> Message:
        """The last part, which carries the buttons."""
        return self.messages[-1]

    @property
    def buttons(self) -> list[str]:
        """The labels of all inline buttons."""
        return [label for message in self.messages for label in message.buttons]

    @property
    def entities(self) -> list[Entity]:
        """The entities of a single message; of parts, those of the last."""
        return self.last.entities


@dataclass(slots=True)
class Watch:
    """Looks at one chat, or one topic of a forum."""

    world: World
    chat: Chat
    topic: int | None

    def covers(self, message: Message) -> bool:
        """Whether the message is in this chat or topic, and there to be seen."""
        here = not self.chat.forum or message.topic == self.topic
        return here and not message.deleted and not message.service

    def fresh(self) -> list[Message]:
        """What the bot wrote or rewrote since the last answer that was taken."""
        taken = self.chat.scene(self.topic).answered
        return [
            message
            for message in self.chat.messages.values()
            if message.author is self.world.bot and message.changed > taken and self.covers(message)
        ]

    def drafting_for(self) -> float:
        """Seconds of loop time until the last draft fades; 0 where none is shown."""
        now = self.world.clock.now()
        return max((DRAFT_SECONDS - (now - draft.at) for draft in self.chat.live_drafts(now)), default=0.0)

    def busy_for(self, quiet: float) -> float:
        """Seconds of loop time that the bot may still be writing for, as a person would judge; 0: it is done.

        A draft and "typing …" mean that more comes; so does an act less than ``quiet`` seconds ago.
        """
        now, scene = self.world.clock.now(), self.chat.scene(self.topic)
        return max(0.0, self.drafting_for(), scene.typing_until - now, scene.acted_at + quiet - now)

    def take(self) -> Answer | None:
        """What is fresh, which is then no longer fresh; None where nothing is."""
        messages = self.fresh()
        if not messages:
            return None
        self.chat.scene(self.topic).answered = max(message.changed for message in messages)
        return Answer(tuple(messages))

    async def answer(self, within: float, quiet: float, done: Done | None) -> Answer:
        """Wait for the next finished answer.

        Raises:
            TimeoutError: there was none within ``within`` seconds of loop time.
        """
        done = done or self.world.finished
        deadline = self.world.clock.now() + within
        while True:
            messages, wait = self.fresh(), 0.0
            if messages and (done is None or done(messages)):
                wait = self.busy_for(quiet) if done is None else self.drafting_for()
                if wait == 0 and (answer := self.take()) is not None:
                    return answer
            left = deadline - self.world.clock.now()
            if left <= 0:
                state = f"{len(messages)} unfinished" if messages else "no"
                raise TimeoutError(f"Within {within} s of loop time, {state} messages of the bot in {self.chat.id}.")
            await self.chat.bell.next(min(left, wait) if wait else left)

    async def silence(self, seconds: float) -> None:
        """Wait so long, in loop time.

        Raises:
            AssertionError: the bot wrote something meanwhile.
        """
        await asyncio.sleep(seconds)
        messages = self.fresh()
        if messages:
            raise AssertionError(f"The bot wrote {len(messages)} messages where it was to be silent.")
