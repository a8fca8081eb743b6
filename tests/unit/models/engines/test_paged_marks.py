"""The paged engine holds tokens back: those that a text repeats, and those that its form does not allow."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from models.engines.paged.engine import PagedGenerator
from models.engines.paged.marks import Marks
from models.engines.paged.sizes import PagedSizes
from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed
from models.types import ChatMessage, Finished, FinishReason, GenerationRequest, TextChunk
from tests.support.tiny_models import build_tiny_llama

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("llguidance") is None, reason="the extra schema is not installed"
)
SIZES = PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=4)
SCHEMA = {
    "type": "object",
    "properties": {"label": {"enum": ["positive", "negative", "中性"]}, "sure": {"type": "boolean"}},
    "required": ["label", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("marks") / "tiny", context=512)


@pytest.fixture
async def engine(folder: Path) -> AsyncIterator[PagedGenerator]:
    made = PagedGenerator(folder, device="cpu", dtype="float32", sizes=SIZES)
    yield made
    await made.close()


async def write(engine: Any, text: str = "the quick brown fox", **options: Any) -> tuple[str, Finished]:
    request = GenerationRequest((ChatMessage("user", text),), **options)
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextChunk)), events[-1]


def breaking(engine: PagedGenerator, step: int) -> Any:
    """Make one step of the model raise."""
    steps = iter(range(10_000))

    def fail(*_: Any, **__: Any) -> None:
        if next(steps) == step:
            raise RuntimeError("broke")

    loaded = engine._worker._keeper.loaded
    assert loaded is not None
    return loaded.model.register_forward_pre_hook(fail, with_kwargs=True)


async def test_repetition_is_held_down_as_the_other_engine_does(engine: PagedGenerator, folder: Path) -> None:
    other = TransformersGenerator(folder, device="cpu", dtype="float32", threads=1)
    plain, _ = await write(engine, max_new_tokens=40)
    for penalty in (1.1, 1.3, 5.0):
        theirs, _ = await write(other, max_new_tokens=40, repetition_penalty=penalty)
        ours, _ = await write(engine, max_new_tokens=40, repetition_penalty=penalty)
        assert ours == theirs
    assert ours != plain
    await other.close()


async def test_each_text_has_its_own_penalty_in_company(engine: PagedGenerator) -> None:
    kinds = [("fox", 5.0, 30), ("dog", 1.0, 9), ("lazy dog " * 20, 1.3, 20), ("你好", 1.1, 12)] * 2
    asked: list[dict[str, Any]] = [
        {"text": text, "repetition_penalty": penalty, "max_new_tokens": length} for text, penalty, length in kinds
    ]
    alone = [(await write(engine, **one))[0] for one in asked]
    together = await asyncio.gather(*(write(engine, **one) for one in asked))
    assert [text for text, _ in together] == alone


async def test_what_a_text_holds_is_known_after_the_loop_died(engine: PagedGenerator) -> None:
    whole, _ = await write(engine, max_new_tokens=24, repetition_penalty=5.0)
    hook = breaking(engine, 9)
    mended, _ = await write(engine, max_new_tokens=24, repetition_penalty=5.0)
    hook.remove()
    assert mended == whole


@needs_library
@pytest.mark.parametrize("options", [{}, {"temperature": 1.5, "top_p": 0.5}, {"repetition_penalty": 1.3}])
async def test_what_is_written_fits_the_schema(engine: PagedGenerator, options: dict[str, Any]) -> None:
    others = [write(engine, f"dog {number}", max_new_tokens=60) for number in range(2)]
    held = [write(engine, schema=SCHEMA, max_new_tokens=120, seed=seed, **options) for seed in range(3)]
    for text, finished in (await asyncio.gather(*others, *held))[len(others) :]:
        value = json.loads(text)
        assert value["label"] in ("positive", "negative", "中性")
        assert isinstance(value["sure"], bool)
        assert finished.reason is FinishReason.STOP
        assert finished.completion_tokens > 5


@needs_library
async def test_a_form_holds_greedy_texts_as_in_the_other_engine(engine: PagedGenerator, folder: Path) -> None:
    other = TransformersGenerator(folder, device="cpu", dtype="float32", threads=1)
    ours, theirs = [await write(one, schema=SCHEMA, max_new_tokens=120) for one in (engine, other)]
    assert ours[0] == theirs[0]
    assert ours[1].completion_tokens == theirs[1].completion_tokens
    _, cut = await write(engine, schema=SCHEMA, max_new_tokens=4)
    assert (cut.reason, cut.completion_tokens) == (FinishReason.LENGTH, 4)
    hook = breaking(engine, 6)
    assert (await write(engine, schema=SCHEMA, max_new_tokens=120))[0] == ours[0]
    hook.remove()
    await other.close()


@needs_library
async def test_a_schema_that_is_none_is_refused_and_the_engine_goes_on(engine: PagedGenerator) -> None:
    with pytest.raises(EngineFailed, match="JSON schema"):
        await write(engine, schema={"type": "nonsense"}, max_new_tokens=5)
    assert (await write(engine, max_new_tokens=5))[0]


def state(name: str, tokens: list[int], **options: Any) -> Any:
    return SimpleNamespace(request_id=name, initial_tokens=tokens, generated_tokens=[], logit_processor_kwargs=options)


def test_rows_are_given_to_those_that_need_one_and_come_free() -> None:
    marks = Marks(2, 4, torch.device("cpu"))
    plain, ana, bo = state("plain", [0]), state("ana", [1], penalty=2.0), state("bo", [2, 3], penalty=2.0)
    assert marks.rows([plain, ana]) == [0, 1]
    assert marks.rows([bo, plain, ana]) == [2, 0, 1]
    assert marks.rows([bo]) == [2]
    cy = state("cy", [], allowed=torch.tensor([True, False, True, True]))
    rows = torch.tensor(marks.rows([bo, plain, cy]))
    assert rows.tolist() == [2, 0, 1]
    scores = marks.apply(torch.tensor([[1.0, -1.0, 1.0, -1.0]] * 3), rows, torch.tensor([2.0, 0.0, 1.0]))
    assert scores.tolist() == [[1.0, -1.0, 0.5, -2.0], [1.0, -1.0, 1.0, -1.0], [1.0, -torch.inf, 1.0, -1.0]]


def test_a_token_is_held_from_the_next_step_on_and_nobody_s_row_stays_empty() -> None:
    marks = Marks(1, 3, torch.device("cpu"))
    rows = torch.tensor(marks.rows([state("plain", [0]), state("ana", [], penalty=2.0)]))
    marks.add(rows, torch.tensor([2, 2]))
    scores = marks.apply(torch.ones(2, 3), rows, torch.tensor([2.0, 2.0]))
    assert scores.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 0.5]]
