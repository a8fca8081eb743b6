"""The dialogue manager: one turn in, its events out. It notes what could not be answered; skills change the rest."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.dialogue.context import Context, read_context
from bot.dialogue.feeling import MoodKeeper
from bot.dialogue.router import Route, Router
from bot.domain import Completed, Delivery, Event, Failed, Outcome, Persona, Preferences, Reply, TextDelta, Turn
from bot.domain.conversation import interpreted
from bot.domain.text import clean, without_command
from bot.errors import InvalidInput, KnowledgeError, ModelUnavailable, ParleyError, StorageError
from bot.mistakes import frames_of, place_of, why
from bot.ports import ModelError, Storage
from bot.skills import Skill, SkillMatch, SkillRequest, Toolbox
from bot.skills.answering.thresholds import is_answered
from models.errors import ContextTooLong

_FREE = frozenset({"chat", "write"})  # skills whose text is the model's own

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialogueOptions:
    """`language` is `auto` (the reply follows the message) or a code. `history_turns` is how far back a skill sees."""

    history_turns: int = 8
    language: str = "auto"
    default_language: str = "en"
    persona: Persona | None = None
    mood: bool = False  # keep each conversation's


def _now() -> datetime:
    return datetime.now(UTC)


class DialogueManager:
    """Chooses the skill and its context for a turn, runs it, and turns errors into a sentence for the person."""

    def __init__(
        self,
        storage: Storage,
        router: Router,
        tools: Toolbox,
        options: DialogueOptions | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._storage = storage
        self._router = router
        self._tools = tools
        self._options = options or DialogueOptions()
        self._now = now
        self._moods = MoodKeeper(storage, tools) if self._options.mood else None

    async def respond(self, turn: Turn) -> AsyncGenerator[Event, None]:
        """Yield the events of one turn; the last one is Completed or Failed, whatever happens but cancellation."""
        started = time.perf_counter()
        language = _locale(turn) or self._options.default_language
        judging = self._moods.begin(turn) if self._moods else None
        begun = False  # whether the person sees a part of the answer
        try:
            context = await self._storage.read(lambda work: read_context(work, turn, self._options.history_turns))
            spoken = context.language() or language
            language = self._reply_language(context.preferences, self._language_of(turn, spoken))
            skill, request = await self._prepare(turn, context, spoken)
            language = request.language
            async with aclosing(skill.run(request, self._tools)) as events:
                async for event in events:
                    if isinstance(event, Completed):
                        event = Completed(_timed(event.reply, started))
                        await self._note(request, event.reply)
                        if judging:
                            await judging.ended()
                    begun = begun or isinstance(event, TextDelta)
                    yield event
        except StorageError:
            if turn.delivery is not Delivery.DIRECT:
                raise  # no answer of ours: the turn is taken up again
            yield Failed(self._tools.texts("failed", language), StorageError.__name__)
        except ParleyError as error:
            log.warning("turn %s: %s%s", turn.id, why(error), frames_of(error, log))
            yield Failed(self._sentence(error, language), type(error).__name__)
        except ContextTooLong:
            yield Failed(self._tools.texts("text-too-long", language), InvalidInput.__name__)
        except ModelError as error:
            log.warning("turn %s: %s%s", turn.id, why(error), frames_of(error, log))
            sentence = "model-stopped" if begun else "model-unavailable"
            yield Failed(self._tools.texts(sentence, language), ModelUnavailable.__name__)
        except Exception as error:  # noqa: BLE001 - the person gets a sentence, the log the place; no text of theirs
            place = f"{place_of(error)}{frames_of(error, log)}"
            log.error("turn %s failed: %s at %s", turn.id, type(error).__name__, place)
            yield Failed(self._tools.texts("failed", language))
        finally:
            if judging:
                judging.cancel()

    async def _prepare(self, turn: Turn, context: Context, spoken: str) -> tuple[Skill, SkillRequest]:
        """The skill that takes the turn, and what it is told. Raises InvalidInput."""
        text_language = self._language_of(turn, spoken)
        persona = self._persona(context.preferences)
        route = self._router.interpreter(turn.text, interpreted(context.values)) or await self._route(
            turn.text, text_language, persona
        )
        if not (route.match.text and route.match.needs_text):  # options alone do not tell the person's language
            text_language = spoken
        language = self._reply_language(context.preferences, text_language)
        match = await self._with_text(route.match, turn)
        if match.text and match.needs_text:
            text_language = self._tools.languages.detect(match.text, text_language)
        request = SkillRequest(
            match.text,
            language,
            text_language,
            match.arguments,
            context.history,
            persona,
            turn,
            context.preferences,
            turn.origin.attempt,
        )
        return route.skill, request

    async def _route(self, text: str, language: str, persona: Persona | None) -> Route:
        """The persona's own skill takes what no other one claims. Raises InvalidInput.

        But where the model may not write answers, a persona that writes freely gets only what the knowledge base does
        not answer: it would invent one.
        """
        route = self._router.route(text, language, default=persona.skill if persona else None)
        if route.claimed or route.skill.name not in _FREE or self._tools.writers.writes:
            return route
        known = is_answered(await self._tools.knowledge.search(text, 1, language), self._tools.options)
        return self._router.route(text, language) if known else route

    def _language_of(self, turn: Turn, spoken: str) -> str:
        """The language of what was said, without the command's word; `spoken` where that does not tell."""
        said = without_command(turn.text)
        return self._tools.languages.detect(said, spoken) if said else spoken

    def _reply_language(self, preferences: Preferences, text_language: str) -> str:
        if preferences.language:
            return preferences.language
        return text_language if self._options.language == "auto" else self._options.language

    def _persona(self, preferences: Preferences) -> Persona | None:
        """The one that the person chose, as long as it is offered; else the operator's."""
        personas = self._tools.personas
        chosen = personas.get(preferences.persona) if preferences.persona else None
        return chosen or personas.get(None) or self._options.persona

    async def _with_text(self, match: SkillMatch, turn: Turn) -> SkillMatch:
        """A skill without a text of its own works on the first readable file, else on what the message quotes: where
        there are both, the quotation is the file's caption, or what the file was sent in reply to.

        Raises InvalidInput, saying why, where there is nothing but files and none can be read.
        """
        if match.text or not match.needs_text:
            return match
        refused: InvalidInput | None = None
        for file in turn.origin.files:
            try:
                return replace(match, text=await self._tools.library.read(file))
            except InvalidInput as error:
                refused = refused or error
        quoted = clean(turn.origin.quoted)
        if refused is not None and not quoted:
            raise refused
        return replace(match, text=quoted)

    async def _note(self, request: SkillRequest, reply: Reply) -> None:
        """Keep a question that the knowledge base could not answer, for the operator."""
        if reply.skill != "answer" or reply.outcome is not Outcome.UNKNOWN:
            return
        confidence, nearest = reply.data.get("best_confidence", 0.0), reply.data.get("nearest_document")
        assert isinstance(confidence, float)
        assert nearest is None or isinstance(nearest, str)
        now = self._now()
        await self._storage.run(
            lambda work: work.unanswered.note(request.text, request.text_language, confidence, nearest, now)
        )

    def _sentence(self, error: ParleyError, language: str) -> str:
        if error.text_id:
            return self._tools.texts(error.text_id, language, **error.values)
        if isinstance(error, ModelUnavailable):
            return self._tools.texts("model-unavailable", language)
        if isinstance(error, KnowledgeError):
            return self._tools.texts("knowledge-unavailable", language)
        return str(error) if isinstance(error, InvalidInput) else self._tools.texts("failed", language)


def _locale(turn: Turn) -> str:
    """What the platform says of the person's language, without region and script."""
    return turn.origin.locale.replace("_", "-").partition("-")[0].lower()


def _timed(reply: Reply, started: float) -> Reply:
    total = (time.perf_counter() - started) * 1000
    timings = {name: round(value, 1) for name, value in {**reply.timings_ms, "total": total}.items()}
    return replace(reply, timings_ms=timings)
