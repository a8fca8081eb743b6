"""The paged engine on a CPU with a tiny model: many at once, mended after a failure, bounded, fair to its memory."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from models.engines.paged.engine import PagedGenerator
from models.engines.paged.loading import load_for_pages
from models.engines.paged.loop import PagedLoop
from models.engines.paged.sizes import PagedSizes
from models.errors import ContextTooLong, EngineFailed, Overloaded
from models.types import Caller, ChatMessage, Finished, FinishReason, GenerationRequest, TextChunk, Waiting
from tests.support.tiny_models import build_tiny_llama

Make = Callable[..., PagedGenerator]
PAGE = 16
SIZES = PagedSizes(page_tokens=PAGE, blocks=64, batch_tokens=256, requests=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("paged"), context=512)


@pytest.fixture
async def make(folder: Path) -> AsyncIterator[Make]:
    made: list[PagedGenerator] = []

    def build(sizes: PagedSizes = SIZES, **options: Any) -> PagedGenerator:
        made.append(PagedGenerator(folder, device="cpu", dtype="float32", sizes=sizes, **options))
        return made[-1]

    yield build
    for engine in made:
        await engine.close()


def ask(text: str = "the quick brown fox", **options: Any) -> GenerationRequest:
    return GenerationRequest((ChatMessage("user", text),), **options)


async def write(engine: PagedGenerator, request: GenerationRequest) -> tuple[str, Finished]:
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], Finished)
    return "".join(one.text for one in events if isinstance(one, TextChunk)), events[-1]


async def begun(engine: PagedGenerator, request: GenerationRequest) -> Any:
    """A stream that has said its first piece of text, and is still going on."""
    events = engine.stream(request)
    async for event in events:
        if isinstance(event, TextChunk):
            break
    return events


def failing(engine: PagedGenerator, error: Exception, steps: set[int] | None) -> Any:
    """Make these steps of the model raise; None: all."""
    count = 0

    def fail(*_: Any, **__: Any) -> None:
        nonlocal count
        count += 1
        if steps is None or count in steps:
            raise error

    loaded = engine._worker._keeper.loaded
    assert loaded is not None
    return loaded.model.register_forward_pre_hook(fail, with_kwargs=True)


async def test_many_at_once_each_write_what_they_write_alone(make: Make) -> None:
    engine = make()
    texts = [f"{word} " * length for length, word in enumerate(["fox", "dog", "你好", "the", "lazy"] * 3, start=1)]
    alone = [await write(engine, ask(text, max_new_tokens=12)) for text in texts]
    together = await asyncio.gather(*(write(engine, ask(text, max_new_tokens=12)) for text in texts))
    assert [text for text, _ in together] == [text for text, _ in alone]


async def test_a_seed_holds_whatever_else_is_written(make: Make) -> None:
    engine = make()
    seeded = ask(max_new_tokens=12, temperature=1.0, top_p=0.95, seed=3)
    alone, _ = await write(engine, seeded)
    others = [ask(f"dog {number}", max_new_tokens=16, temperature=1.3) for number in range(5)]
    together = await asyncio.gather(*(write(engine, one) for one in (*others, seeded)))
    assert together[-1][0] == alone
    assert (await write(engine, ask(max_new_tokens=12, temperature=1.0, seed=4)))[0] != alone


async def test_the_beginning_that_is_known_is_not_computed_again(make: Make) -> None:
    engine = make()
    text, first = await write(engine, ask("the lazy dog " * 8, max_new_tokens=8))
    _, second = await write(engine, ask("the lazy dog " * 8, max_new_tokens=8))
    assert first.reused_tokens == 0
    assert second.reused_tokens >= first.prompt_tokens - 2 * PAGE
    history = (ChatMessage("user", "the lazy dog " * 8), ChatMessage("assistant", text), ChatMessage("user", "and?"))
    _, third = await write(engine, GenerationRequest(history, max_new_tokens=2))
    assert third.reused_tokens >= first.prompt_tokens - 2 * PAGE


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no memory"), RuntimeError("broke")])
async def test_a_loop_that_dies_is_started_anew_and_the_texts_go_on(make: Make, error: Exception) -> None:
    engine = make()
    requests = [ask("fox", max_new_tokens=24), ask("dog " * 9, max_new_tokens=24, temperature=1.0, seed=5)]
    whole = [await write(engine, request) for request in requests]
    hook = failing(engine, error, steps={5})
    mended = await asyncio.gather(*(write(engine, request) for request in requests))
    hook.remove()
    assert [text for text, _ in mended] == [text for text, _ in whole]
    smaller = isinstance(error, torch.OutOfMemoryError)
    assert engine._worker._keeper.loop is not None
    assert (engine._worker._keeper.loop.sizes == SIZES) is not smaller


async def test_what_cannot_be_mended_fails_and_the_engine_lives_on(make: Make) -> None:
    engine = make()
    whole = await write(engine, ask(max_new_tokens=6))
    hook = failing(engine, torch.OutOfMemoryError("no memory for: my secret"), steps=None)
    with pytest.raises(EngineFailed, match="ran out of memory") as raised:
        await write(engine, ask("my secret", max_new_tokens=6))
    assert "secret" not in str(raised.value)
    hook.remove()
    assert (await write(engine, ask(max_new_tokens=6)))[0] == whole[0]


async def test_a_model_is_freed_before_it_is_loaded_anew(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def load(*options: Any) -> Any:
        alive.append(sum(model() is not None for model in loaded))
        found = load_for_pages(*options)
        loaded.append(weakref.ref(found.model))
        return found

    def lay_out(loop: PagedLoop) -> None:
        raise MemoryError

    monkeypatch.setattr("models.engines.paged.loading.load_for_pages", load)
    engine = make()
    await engine.warm()
    failing(engine, RuntimeError("broke"), steps={1})
    with monkeypatch.context() as patch:
        patch.setattr(PagedLoop, "_open", lay_out)
        with pytest.raises(EngineFailed, match="no memory for a single conversation"):
            await write(engine, ask(max_new_tokens=3))
    assert (await write(engine, ask(max_new_tokens=3)))[0]
    assert alive == [0, 0]


async def test_closing_the_stream_frees_its_pages(make: Make) -> None:
    engine = make()
    streams = [await begun(engine, ask(f"dog {number}", max_new_tokens=400)) for number in range(3)]
    for stream in streams:
        await stream.aclose()
    await write(engine, ask(max_new_tokens=1))
    loop = engine._worker._keeper.loop
    assert loop is not None
    processor = loop._manager.batch_processor
    assert not processor.scheduler.active_requests
    assert not any(allocator.block_table for allocator in processor.cache.cache_allocators.values())
    assert engine._worker._writing._running == {}


async def test_a_request_that_is_given_up_within_its_step_does_no_harm(make: Make) -> None:
    engine = make()
    await engine.warm()
    loop = engine._worker._keeper.loop
    assert loop is not None
    processor = loop._manager.batch_processor
    state = type("State", (), {"request_id": "gone", "initial_tokens": [1] * 32, "generated_tokens": []})()
    state.logit_processor_kwargs = {}
    processor.cache.mark_complete_blocks(state, dict.fromkeys(processor.cache.cache_allocators, 1))


async def test_what_is_late_ends_with_what_there_is(make: Make) -> None:
    engine = make(PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=1))
    await engine.warm()
    assert engine._worker._keeper.loaded is not None
    engine._worker._keeper.loaded.model.register_forward_pre_hook(lambda *_: time.sleep(0.05))  # its 53 tokens take 3 s
    running = await begun(engine, ask(max_new_tokens=480, deadline=1.0))
    _, waited = await write(engine, ask("dog", max_new_tokens=480, deadline=0.05))
    assert (waited.reason, waited.completion_tokens) == (FinishReason.DEADLINE, 0)
    *_, finished = [event async for event in running]
    assert finished.reason is FinishReason.DEADLINE
    assert 0 < finished.completion_tokens < 53


async def test_who_waits_is_told_so_and_too_many_are_turned_away(make: Make) -> None:
    engine = make(PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=1), waiting_tokens=300)
    running = await begun(engine, ask(max_new_tokens=400))
    waits = engine.stream(ask("dog", max_new_tokens=200))
    assert isinstance(await anext(waits), Waiting)
    with pytest.raises(Overloaded, match="busy"):
        await write(engine, ask("lazy", max_new_tokens=200))
    await running.aclose()
    async with contextlib.aclosing(waits):
        assert any([isinstance(event, TextChunk) async for event in waits])


async def test_texts_end_where_the_cache_does(make: Make) -> None:
    engine = make(PagedSizes(page_tokens=16, blocks=8, batch_tokens=64, requests=4))
    _, finished = await write(engine, ask("fox", max_new_tokens=500))
    assert finished.prompt_tokens + finished.completion_tokens == 8 * 16
    with pytest.raises(ContextTooLong, match="memory that is left"):
        await write(engine, ask("fox " * 80, max_new_tokens=5))
    both = await asyncio.gather(*(write(engine, ask(text, max_new_tokens=60)) for text in ("dog", "lazy")))
    assert all(finished.completion_tokens for _, finished in both)


async def test_a_cache_that_does_not_fit_is_laid_out_smaller(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out = PagedLoop._open

    def lay_out(loop: PagedLoop) -> None:
        if loop.sizes.blocks != 16:
            raise MemoryError("Memory footprint is more than available memory")
        laid_out(loop)

    monkeypatch.setattr(PagedLoop, "_open", lay_out)
    engine = make()
    assert (await write(engine, ask(max_new_tokens=3)))[0]
    assert engine._worker._keeper.loop is not None
    assert engine._worker._keeper.loop.capacity_tokens == 16 * PAGE


async def test_a_cache_for_which_there_is_no_room_at_all_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def lay_out(loop: PagedLoop) -> None:
        raise MemoryError

    monkeypatch.setattr(PagedLoop, "_open", lay_out)
    with pytest.raises(EngineFailed, match="no memory for a single conversation"):
        await write(make(), ask(max_new_tokens=3))


async def test_scores_come_between_the_steps_of_others(make: Make) -> None:
    engine = make()
    alone = await engine.score(ask().messages, ["dog", "the quick fox", ""])
    running = asyncio.create_task(write(engine, ask(max_new_tokens=300)))
    busy = await engine.score(ask().messages, ["dog", "the quick fox", ""])
    _, finished = await running
    assert finished.completion_tokens > 0
    assert busy == pytest.approx(alone, abs=1e-4)
    assert alone[2] == 0


async def test_scores_wait_their_turn_as_short_work_of_whoever_asks(make: Make) -> None:
    engine = make(PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=1))
    done: list[str] = []

    async def note(name: str, work: Awaitable[Any]) -> None:
        await work
        done.append(name)

    running = await begun(engine, ask(max_new_tokens=480))
    text = asyncio.create_task(note("text", write(engine, ask("dog", max_new_tokens=3))))
    look = asyncio.create_task(note("look", engine.score(ask().messages, ["dog", "fox"], Caller("ana", priority=10))))
    given_up = asyncio.create_task(engine.score(ask().messages, ["dog"]))
    async with asyncio.timeout(30):
        while len(engine._worker._places) < 3:  # noqa: ASYNC110 - prompts are made in threads
            await asyncio.sleep(0.001)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert sorted((one.priority, one.person) for one in engine._worker._places._queue.waiting) == [(-1, "ana"), (0, "")]
    await running.aclose()
    await asyncio.gather(text, look)
    assert done == ["look", "text"]


async def test_closing_fails_scores_that_wait(make: Make) -> None:
    engine = make(PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=1))
    running = await begun(engine, ask(max_new_tokens=480))
    look = asyncio.create_task(engine.score(ask().messages, ["dog"]))
    async with asyncio.timeout(30):
        while not len(engine._worker._places):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await engine.close()
    with pytest.raises(EngineFailed, match="closed"):
        await look
    await running.aclose()


@pytest.mark.parametrize(("quantisation", "said"), [("int8", "torchao is not installed"), ("int4", "CUDA device")])
async def test_what_packing_weights_needs_is_said(
    make: Make, monkeypatch: pytest.MonkeyPatch, quantisation: str, said: str
) -> None:
    there = ModuleType("torchao.quantization")
    there.Int4WeightOnlyConfig = there.Int8WeightOnlyConfig = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchao", ModuleType("torchao") if quantisation == "int4" else None)
    monkeypatch.setitem(sys.modules, "torchao.quantization", there if quantisation == "int4" else None)
    with pytest.raises(EngineFailed, match=said):
        await write(make(quantisation=quantisation), ask())


async def test_eight_bits_write(make: Make) -> None:
    pytest.importorskip("torchao")
    assert (await write(make(quantisation="int8"), ask(max_new_tokens=4)))[1].completion_tokens
