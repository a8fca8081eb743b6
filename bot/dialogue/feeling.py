"""Keeps each conversation's mood. It is judged beside the answer, whose text does not wait for it."""

from __future__ import annotations

import asyncio
import logging

from bot.domain import Turn
from bot.domain.mood import MOOD, feeling_of, kept, mood_of
from bot.domain.text import without_command
from bot.errors import ParleyError
from bot.mistakes import why
from bot.ports import Caller, ModelError, Storage, UnitOfWork
from bot.skills import Toolbox

log = logging.getLogger(__name__)

LONGEST = 1000  # characters that are judged: how someone feels, the beginning tells
PATIENCE = 2.0  # seconds that the end of an answer waits for the judgement at most


class Judging:
    """One turn's judgement, under way."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    async def ended(self) -> None:
        """Wait for it, but not for long."""
        await asyncio.wait([self._task], timeout=PATIENCE)

    def cancel(self) -> None:
        self._task.cancel()


class MoodKeeper:
    """Judges what people say, where the operator wants that (`dialogue.mood`)."""

    def __init__(self, storage: Storage, tools: Toolbox) -> None:
        self._storage = storage
        self._tools = tools

    def begin(self, turn: Turn) -> Judging:
        """Judge the turn from now on. What goes wrong is logged: it is no part of the answer."""
        return Judging(asyncio.create_task(self._judge(turn)))

    async def _judge(self, turn: Turn) -> None:
        text = without_command(turn.text).strip()[:LONGEST]
        if not text or text != turn.text.strip()[:LONGEST]:  # a command tells what is wanted, not how it feels
            return
        try:
            classifier = await self._tools.models.sentiment()
            language, caller = self._tools.languages.detect(text), Caller(str(turn.user_id))
            (prediction,) = await classifier.judge([text], language, caller)
            feeling = feeling_of(prediction.distribution)
            await self._storage.run(lambda work: _note(work, turn.conversation_id, feeling))
        except (ParleyError, ModelError) as error:
            log.warning("turn %s: its feeling was not judged: %s", turn.id, why(error))


def _note(work: UnitOfWork, conversation_id: str, feeling: float) -> None:
    values = dict(work.conversations.values(conversation_id))
    values[MOOD] = kept(mood_of(values).after(feeling))
    work.conversations.set_values(conversation_id, values)
