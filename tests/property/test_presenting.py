"""Whatever the platform does, what stands at the end is the rendered reply: nothing doubled, lost, or out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import buttons
from bot.delivery.outbox import ATTACHMENT
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Pace, Shown
from bot.delivery.presenter import Presentation
from bot.domain import (
    Attachment,
    Channel,
    Completed,
    Delivery,
    Event,
    Failed,
    Outcome,
    Reply,
    TextDelta,
    Turn,
    TurnState,
    User,
    Working,
)
from bot.doors.languages import LanguageDoor
from bot.errors import DeliveryError, TryLater
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage
from bot.texts.catalogue import FluentTexts
from tests.support.outlet import MemoryOutlet, Platform
from tests.support.virtual_time import run_virtually

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = "chat"
TEXTS = FluentTexts()

words = st.text("ab \n你", min_size=0, max_size=40)
pauses = st.sampled_from([0.0, 0.0, 0.1, 0.7, 3.0])
pieces = st.lists(st.tuples(pauses, words), max_size=12)
faults = st.lists(
    st.sampled_from([None, None, None, "later", "after", "doubt", "doubt after", "vanish", "vanish first"]), max_size=30
)
files = st.none() | st.just(Attachment("all.json", "application/json", b"{}"))


@dataclass
class Story:
    """What a run is made of."""

    pieces: list[tuple[float, str]]
    faults: list[str | None]
    drafts: bool
    refused: bool
    delay: float
    fails: bool
    attachment: Attachment | None
    standing: int  # how many messages an earlier, broken-off run has left


stories = st.builds(
    Story,
    pieces,
    faults,
    drafts=st.booleans(),
    refused=st.booleans(),
    delay=st.sampled_from([0.0, 0.2, 2.0]),
    fails=st.booleans(),
    attachment=files,
    standing=st.integers(0, 3),
)


class Unsteady(Platform):
    """Follows a script of faults, one a call; messages may also be deleted by somebody."""

    script: list[str | None]

    def __init__(self, script: list[str | None], delay: float) -> None:
        super().__init__(self._next, delay)
        self.script = list(script)

    def _next(self, method: str) -> DeliveryError | None:
        wish = self.script.pop(0) if self.script else None
        after = 3.0 if wish in ("after", "doubt after") else None
        if wish in ("later", "after"):
            raise TryLater("Later.", after)
        if wish in ("vanish", "vanish first") and self.messages:
            known = list(self.messages)
            del self.messages[known[0] if wish == "vanish first" else known[-1]]
        return TryLater("Lost.", after, doubtful=True) if wish in ("doubt", "doubt after") else None


async def events(story: Story, reply: Reply) -> AsyncGenerator[Event, None]:
    yield Working("writing")
    for pause, text in story.pieces:
        await asyncio.sleep(pause)
        yield TextDelta(text)
    yield Failed("It failed.") if story.fails else Completed(reply)


async def kept_turn(storage: MemoryStorage) -> Turn:
    def keep(work: UnitOfWork) -> Turn:
        user = work.users.ensure(User(Channel.TELEGRAM, "1"))
        work.conversations.ensure("telegram:1", Channel.TELEGRAM, NOW)
        return work.turns.accept(Turn(Channel.TELEGRAM, "telegram:1", user.id, "hello there", "1", NOW, "parley"))[0]

    return await storage.run(keep)


async def tell(story: Story) -> tuple[Unsteady, MemoryOutlet, Turn, Reply, MemoryStorage]:
    storage = MemoryStorage()
    turn = await kept_turn(storage)
    platform = Unsteady([], 0.0)
    outlet = MemoryOutlet(platform, PLACE, drafts=story.drafts, limit=10, drafts_refused=story.refused)
    for position, part in enumerate(outlet.render(Shown("x" * 10 * story.standing))):
        id_ = await outlet.send(part, f"old {position}")
        await storage.run(lambda work, at=position, id_=id_: work.parts.sent(turn.id, at, 0, id_, "old"))  # type: ignore[misc]
    platform.script, platform.delay = list(story.faults), story.delay
    text = "".join(piece for _, piece in story.pieces)
    reply = Reply(text, "echo", Outcome.GENERATED, "en", suggestions=("More?",), attachment=story.attachment)
    pacer = Pacer(Pace(edit_every=0.5))
    await Presentation(turn, events(story, reply), outlet, pacer, storage, TEXTS, LanguageDoor()).run()
    return platform, outlet, turn, reply, storage


@given(stories)
def test_what_stands_at_the_end_is_the_rendered_reply(story: Story) -> None:
    platform, outlet, turn, reply, storage = run_virtually(tell(story))
    if story.fails:
        text = reply.text.rstrip()
        shown = Shown(text or "It failed.", notice="It failed." if text else "")
    else:
        shown = Shown(reply.text, buttons=buttons.when_finished(turn.id, reply, TEXTS))
    expected = [part.payload for part in outlet.render(shown)]
    standing = [message for message in platform.messages.values() if message.file is None]
    vanished = {fault for fault in story.faults if fault and fault.startswith("vanish")}
    if vanished:  # what somebody deletes after it was made final stays deleted: nothing doubled, all in order
        texts = [content.text for content in expected]
        it = iter(texts)
        assert all(message.text in it for message in standing), (texts, standing)
    else:
        assert [(message.text, message.buttons) for message in standing] == [(c.text, c.buttons) for c in expected]
        sent = [message.file for message in platform.messages.values() if message.file is not None]
        assert sent == ([story.attachment.content] if story.attachment and not story.fails else [])
        assert not story.attachment or story.fails or list(platform.messages.values())[-1].file is not None

    async def rows() -> list[str]:
        parts = await storage.read(lambda work: work.parts.of_turn(turn.id))
        assert all(part.external_id for part in parts)
        return [part.external_id for part in parts if part.position != ATTACHMENT]

    noted = run_virtually(rows())
    assert len(noted) == len(expected) and [message.id for message in standing if message.id not in noted] == []


@given(stories, st.floats(0, 8), st.booleans())
def test_a_run_that_is_cut_off_is_taken_up_without_doubling(story: Story, after: float, forgetful: bool) -> None:
    """Cancelled at any moment, then presented again from what the outbox knows, also where nonces mean nothing."""
    unfit = ("vanish", "doubt") if forgetful else ("vanish",)
    story.faults = [fault for fault in story.faults if fault is None or not fault.startswith(unfit)]

    async def main() -> None:
        storage = MemoryStorage()
        turn = await kept_turn(storage)
        platform = Unsteady(story.faults, story.delay)
        platform.forgetful = forgetful
        outlet = MemoryOutlet(platform, PLACE, drafts=story.drafts, limit=10, drafts_refused=story.refused)
        text = "".join(piece for _, piece in story.pieces)
        reply = Reply(text, "echo", Outcome.CURATED, "en", attachment=story.attachment)

        def present(pacer: Pacer) -> Presentation:
            source = events(Story(story.pieces, [], False, False, 0, False, None, 0), reply)
            return Presentation(turn, source, outlet, pacer, storage, TEXTS, LanguageDoor())

        task = asyncio.create_task(present(Pacer(Pace())).run())
        await asyncio.wait([task], timeout=after)
        task.cancel()
        await asyncio.wait([task])
        await present(Pacer(Pace())).run()
        expected = outlet.render(Shown(text, buttons=buttons.when_finished(turn.id, reply, TEXTS)))
        assert platform.texts(PLACE) == [part.payload.text for part in expected] + ["all.json"] * bool(story.attachment)

    run_virtually(main())


@given(pieces, st.floats(0, 5))
def test_a_stopped_answer_keeps_its_text_with_a_mark(pieces_: list[tuple[float, str]], after: float) -> None:
    async def main() -> None:
        storage = MemoryStorage()
        turn = await kept_turn(storage)
        outlet = MemoryOutlet(Platform(), PLACE, limit=1000)
        said: list[str] = []

        async def endless() -> AsyncGenerator[Event, None]:
            for pause, text in pieces_:
                await asyncio.sleep(pause)
                said.append(text)
                yield TextDelta(text)
            await asyncio.Event().wait()

        presentation = Presentation(turn, endless(), outlet, Pacer(Pace()), storage, TEXTS, LanguageDoor())
        task = asyncio.create_task(presentation.run())
        await asyncio.wait([task], timeout=after)
        assert presentation.stop()
        await task
        assert not presentation.stop()
        text = "".join(said).rstrip()
        assert outlet.platform.texts(PLACE) == [f"{text}\n(stopped)" if text else "(stopped)"]

    run_virtually(main())


def test_what_is_delivered_is_let_be() -> None:
    async def main() -> None:
        storage = MemoryStorage()
        turn = await kept_turn(storage)
        await storage.run(lambda work: work.turns.end(turn.id, TurnState.INTERRUPTED, NOW))
        await storage.run(lambda work: work.deliveries.ended(turn.id, Delivery.DELIVERED, turn.attempts))
        outlet = MemoryOutlet(Platform(), PLACE)
        source = events(
            Story([(0.0, "never")], [], False, False, 0, False, None, 0), Reply("x", "", Outcome.CURATED, "")
        )
        await Presentation(turn, source, outlet, Pacer(Pace()), storage, TEXTS, LanguageDoor()).run()
        assert outlet.platform.calls == []

    run_virtually(main())
