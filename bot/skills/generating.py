"""What skills that let the model write freely share: is there one for the language, and its stream as events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from bot.domain import Completed, Event, Outcome, Reply, TextDelta, Working
from bot.ports import Caller, Finished, GenerationRequest, Generator, Waiting
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.wording import name_in_sentence

# Lower goes first: what is done in a moment does not wait behind what takes a minute.
BRIEF, USUAL, LONG = -10, 0, 10

SHORT_TEXT, LONG_TEXT = 200, 2000  # characters
ANOTHER_TEMPERATURE = 0.7  # at least this much chance where another answer was asked for


class Sampling(NamedTuple):
    """How freely a model chooses its words; the seed makes the same attempt give the same text."""

    temperature: float
    seed: int | None = None


async def writer_of(request: SkillRequest, tools: Toolbox) -> Generator | str:
    """The generator, or the sentence that says why it cannot write in that language. Raises ModelUnavailable."""
    language = request.language
    generator = await tools.models.generator()
    if generator.languages & {language, "*"}:
        return generator
    name = name_in_sentence(language, language)
    if not request.by_operator:
        return tools.texts("language-not-written-here", language, name=name)
    return tools.texts("language-not-written", language, model=generator.name, name=name)


def caller(request: SkillRequest, characters: int) -> Caller:
    """Who asks a task for its work: a chat line goes first, a page behind the answers."""
    priority = BRIEF if characters <= SHORT_TEXT else LONG if characters > LONG_TEXT else USUAL
    return Caller(request.person, priority)


def sampling(request: SkillRequest, tools: Toolbox) -> Sampling:
    """As the operator set it; where another answer was asked for, freely enough that it is another one."""
    temperature = tools.options.temperature
    if not request.attempt:
        return Sampling(temperature)
    return Sampling(max(temperature, ANOTHER_TEMPERATURE), request.attempt)


def too_small_notice(model: str, request: SkillRequest, tools: Toolbox) -> str:
    """What to say under a free text by a model that is too small to write answers; empty for a larger one."""
    if not tools.writers.too_small(model):
        return ""
    if not request.by_operator:
        return tools.texts("written-small-here", request.language)
    return tools.texts("written-small", request.language, model=model)


async def stream_reply(
    generator: Generator, generation: GenerationRequest, request: SkillRequest, skill: str, tools: Toolbox | None = None
) -> AsyncGenerator[Event, None]:
    """The model's text as it comes, then the whole reply; white space at its ends is taken off on the way.

    With `tools` a text by a model that is too small to be relied on says so.
    """
    yield Working("writing")
    text, pending, finished = "", "", Finished.nothing()
    async with aclosing(generator.stream(generation)) as stream:
        async for event in stream:
            if isinstance(event, Finished):
                finished = event
                continue
            if isinstance(event, Waiting):
                yield Working("waiting", event.place, event.seconds)
                continue
            pending += event.text
            piece = pending.rstrip() if text else pending.strip()
            # Trailing space waits until more text shows that it is not the end.
            if piece:
                pending = pending[len(pending.rstrip()) :]
                text += piece
                yield TextDelta(piece)
    model = finished.model or generator.name
    yield Completed(
        Reply(
            text,
            skill,
            Outcome.GENERATED,
            request.language,
            notice=too_small_notice(model, request, tools) if tools else "",
            model=model,
            prompt_tokens=finished.prompt_tokens,
            completion_tokens=finished.completion_tokens,
        )
    )
