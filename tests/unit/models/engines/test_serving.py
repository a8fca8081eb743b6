"""The in-process engine between many askers: places, fairness, deadlines, giving up, failing and going on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from models.engines.admission import SHORT_WORK
from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed, InvalidWeights, Overloaded
from models.types import (
    Caller,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    TextChunk,
    Waiting,
)
from tests.support.tiny_models import build_tiny_llama

LONG = 180
GOOD = (ChatMessage("user", "good"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("serving") / "tiny")


@pytest.fixture
async def engine(folder: Path) -> AsyncIterator[TransformersGenerator]:
    made = TransformersGenerator(folder, device="cpu", threads=1, slots=1, queue_tokens=800)
    yield made
    await made.close()


def request(text: str = "the quick", **options: object) -> GenerationRequest:
    return GenerationRequest((ChatMessage("user", text),), **options)  # type: ignore[arg-type]


async def collect(engine: TransformersGenerator, **options: object) -> list[GenerationEvent]:
    return [event async for event in engine.stream(request(**options))]  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def busy(engine: TransformersGenerator, person: str = "busy") -> AsyncIterator[None]:
    """Somebody's text is being written all the while."""
    asked = request(max_new_tokens=LONG, person=person, repetition_penalty=1.3)
    async with contextlib.aclosing(engine.stream(asked)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TextChunk):
                break
        yield


@contextlib.contextmanager
def held(engine: TransformersGenerator) -> Iterator[None]:
    """The engine's thread takes nobody in meanwhile: it needs the lock that the test's thread has."""
    with engine._server._changed:
        yield


async def until(condition: object) -> None:
    async with asyncio.timeout(30):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - it happens in the engine's thread
            await asyncio.sleep(0.001)


def waiting(engine: TransformersGenerator) -> int:
    return len(engine._server._queue)


async def test_whoever_waits_is_told_the_place_and_the_time(engine: TransformersGenerator) -> None:
    async with busy(engine):
        first = asyncio.create_task(collect(engine, max_new_tokens=2, person="ana"))
        await until(lambda: waiting(engine) == 1)
        second = asyncio.create_task(collect(engine, max_new_tokens=2, person="bo"))
        await until(lambda: waiting(engine) == 2)
        await asyncio.sleep(0.05)  # the engine's thread tells them at its next turn
    events = await first, await second
    places = [[event.place for event in each if isinstance(event, Waiting)] for each in events]
    assert places[0][0] == 0
    assert places[1][0] == 1
    assert places[1][-1] in (0, 1)
    assert all(event.seconds >= 0 for each in events for event in each if isinstance(event, Waiting))
    assert all(isinstance(each[-1], Finished) for each in events)


async def test_whoever_asks_little_does_not_wait_for_one_who_asks_much(engine: TransformersGenerator) -> None:
    order: list[str] = []

    async def ask(person: str) -> None:
        await collect(engine, max_new_tokens=2, person=person)
        order.append(person)

    async with busy(engine, "flood"):
        with held(engine):
            tasks = [asyncio.create_task(ask("flood")) for _ in range(4)]
            await until(lambda: waiting(engine) == 4)
            tasks.append(asyncio.create_task(ask("ana")))
            await until(lambda: waiting(engine) == 5)
    await asyncio.gather(*tasks)
    assert order[0] == "ana"


async def test_giving_up_while_waiting_frees_the_place_at_once(engine: TransformersGenerator) -> None:
    async with busy(engine):
        task = asyncio.create_task(collect(engine, max_new_tokens=2))
        await until(lambda: waiting(engine) == 1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert waiting(engine) == 0


async def test_giving_up_while_it_is_written_lets_the_next_in(engine: TransformersGenerator) -> None:
    async with busy(engine):
        task = asyncio.create_task(collect(engine, max_new_tokens=2))
        await until(lambda: waiting(engine) == 1)
    # The long text would have taken far longer than one step.
    assert isinstance((await asyncio.wait_for(task, 20))[-1], Finished)
    await until(lambda: not engine._server._queue.running)


async def test_a_deadline_passes_while_waiting(engine: TransformersGenerator) -> None:
    async with busy(engine):
        *_, last = await collect(engine, max_new_tokens=2, deadline=0.02)
        assert isinstance(last, Finished)
        assert (last.reason, last.completion_tokens) == (FinishReason.DEADLINE, 0)


async def test_too_many_waiting_are_refused_and_then_not(engine: TransformersGenerator) -> None:
    async with busy(engine):
        tasks = [asyncio.create_task(collect(engine, max_new_tokens=150, person=f"p{n}")) for n in range(4)]
        await until(lambda: waiting(engine) == 4)
        with pytest.raises(Overloaded, match="Ask again"):
            await collect(engine, max_new_tokens=150)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance((await collect(engine, max_new_tokens=1))[-1], Finished)


async def test_a_short_look_goes_before_long_texts(engine: TransformersGenerator) -> None:
    done: list[str] = []

    async def ask(name: str, work: object) -> None:
        await work  # type: ignore[misc]
        done.append(name)

    with held(engine):
        text = asyncio.create_task(ask("text", collect(engine, max_new_tokens=60)))
        await until(lambda: waiting(engine) == 1)
        look = asyncio.create_task(ask("look", engine.score(GOOD, ["a", "b"])))
        await until(lambda: waiting(engine) == 2)
    await asyncio.gather(text, look)
    assert done == ["look", "text"]


async def test_a_look_is_its_asker_s_and_short_whatever_the_asker_does_else(engine: TransformersGenerator) -> None:
    order: list[str] = []

    async def look(person: str) -> None:
        await engine.score(GOOD, ["a", "b"], Caller(person, priority=10))
        order.append(person)

    await look("flood")
    order.clear()
    with held(engine):
        looks = [asyncio.create_task(look("flood")) for _ in range(3)]
        await until(lambda: waiting(engine) == 3)
        looks.append(asyncio.create_task(look("ana")))
        await until(lambda: waiting(engine) == 4)
        tickets = engine._server._queue.waiting
        assert {ticket.priority for ticket in tickets} == {SHORT_WORK}
        assert sorted(ticket.person for ticket in tickets) == ["ana", "flood", "flood", "flood"]
    await asyncio.gather(*looks)
    assert order.index("ana") < 2  # the second at the latest: the first took of what its person is due


async def test_two_event_loops_can_ask_at_once(folder: Path) -> None:
    engine = TransformersGenerator(folder, device="cpu", threads=1)
    found: list[list[GenerationEvent]] = []
    threads = [
        threading.Thread(target=lambda: found.append(asyncio.run(collect(engine, max_new_tokens=20)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    mine = await collect(engine, max_new_tokens=20)
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await engine.close()
    texts = {"".join(event.text for event in each if isinstance(event, TextChunk)) for each in [mine, *found]}
    assert len(texts) == 1


async def test_the_engine_goes_on_after_an_error(
    engine: TransformersGenerator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from models.engines.decoding import SlotDecoder

    before = await collect(engine, max_new_tokens=5)
    with monkeypatch.context() as patch:
        patch.setattr(SlotDecoder, "decode", lambda *_: 1 / 0)
        with pytest.raises(EngineFailed, match="ZeroDivisionError"):
            await collect(engine, text="my secret words", max_new_tokens=5)
    assert "secret" not in caplog.text
    after = await collect(engine, max_new_tokens=5)
    assert [event for event in after if isinstance(event, TextChunk)] == [
        event for event in before if isinstance(event, TextChunk)
    ]


async def test_a_folder_that_cannot_be_loaded_fails_each_request(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "tiny")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    engine = TransformersGenerator(folder, device="cpu", threads=1)
    for _ in range(2):
        with pytest.raises(InvalidWeights, match=r"model\.safetensors is not whole"):
            await collect(engine)
    await engine.close()


async def test_what_is_written_at_close_fails_at_once(folder: Path) -> None:
    engine = TransformersGenerator(folder, device="cpu", threads=1, slots=1)
    tasks = [asyncio.create_task(collect(engine, max_new_tokens=LONG)) for _ in range(3)]
    await until(lambda: waiting(engine) == 2)
    await engine.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, EngineFailed) for result in results)
