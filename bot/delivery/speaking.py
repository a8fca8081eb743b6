"""Sentences of Parley's own that are no reply to a turn: a limit, a pairing code, nothing to stop."""

from __future__ import annotations

import asyncio
import hashlib
import logging

from bot.delivery.answering import Answering
from bot.delivery.ports import Shown
from bot.delivery.retrying import Patience, Retrier
from bot.domain import Incoming
from bot.errors import DeliveryError

log = logging.getLogger(__name__)

AT_ONCE = 3  # sentences to one person at one place

PATIENCE = Patience(longest=60.0)  # later, nobody knows any more what the sentence was about


class Speaker:
    """Says sentences where a message came from, in the background: who confirms the update need not wait."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._saying: dict[tuple[str, str, str], asyncio.Task[None]] = {}

    def say(self, incoming: Incoming, text: str, language: str) -> None:
        """Say a sentence where the message came from. What the platform refuses is logged.

        A person who sends twenty empty messages is told once what is told already, and a few sentences at a time, or
        our sentences would fill the chat's pace and the answers to others would wait behind them.
        """
        whom = (incoming.conversation_id, incoming.user.external_id)
        waiting = [said for *to, said in self._saying if tuple(to) == whom]
        if text in waiting or len(waiting) >= AT_ONCE:
            return
        task = self._saying[*whom, text] = asyncio.create_task(self._say(incoming, text, language))
        task.add_done_callback(lambda _: self._saying.pop((*whom, text), None))

    async def close(self, deadline: float) -> None:
        """Say what is to be said, within so many seconds."""
        if not self._saying:
            return
        _, late = await asyncio.wait(self._saying.values(), timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _say(self, incoming: Incoming, text: str, language: str) -> None:
        opened = self._answering.channel(incoming.user.channel, incoming.bot)
        if opened is None:
            return
        outlet = opened.outlet(incoming.conversation_id, incoming.origin)
        retry = Retrier(opened.pacer, outlet.place, outlet.group, PATIENCE)
        named = f"{incoming.conversation_id} {incoming.update_id}".encode()
        nonce = hashlib.blake2s(named, digest_size=10).hexdigest()
        try:
            for part in outlet.render(Shown(text, language, private=True)):
                await retry(lambda part=part: outlet.send(part, f"{nonce}-{part.position}"))  # type: ignore[misc]
        except DeliveryError as error:
            log.warning("a sentence could not be said: %s", type(error).__name__)
