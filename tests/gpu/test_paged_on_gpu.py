"""The paged engine on a real GPU: whatever attention and graphs the library chooses there, the texts are right."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.engines.tokenizing import ChatTokenizer
from models.errors import EngineFailed
from models.types import ChatMessage, Finished, GenerationRequest, TextChunk

pytestmark = pytest.mark.gpu

Make = Callable[..., PagedGenerator]
SIZES = PagedSizes(cache_bytes=2_000_000_000)
LONG = "the quick brown fox jumps over the lazy dog " * 20


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    made: list[PagedGenerator] = []

    def build(**options: Any) -> PagedGenerator:
        made.append(PagedGenerator(folder, device="cuda", **({"sizes": SIZES} | options)))
        return made[-1]

    yield build
    for engine in made:
        asyncio.run(engine.close())


async def write(engine: PagedGenerator, text: str, **options: Any) -> tuple[str, Finished]:
    request = GenerationRequest((ChatMessage("user", text),), **options)
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextChunk)), events[-1]


async def test_texts_are_those_of_plain_generate(make: Make, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    engine = make(dtype="float32")
    ours, _ = await write(engine, LONG, max_new_tokens=32)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, device_map="cuda")
    tokenizer = ChatTokenizer(folder)
    prompt = torch.tensor([tokenizer.encode_chat([ChatMessage("user", LONG)])], device="cuda")
    given = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=32, do_sample=False)
    assert ours == tokenizer.decode(given[0, prompt.shape[1] :].tolist())


async def test_repetition_is_held_down_as_by_plain_generate_and_in_company(make: Make, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    engine = make(dtype="float32")
    others = [write(engine, f"fox {number}", max_new_tokens=20, repetition_penalty=5.0) for number in range(5)]
    (ours, _), *_ = await asyncio.gather(write(engine, LONG, max_new_tokens=32, repetition_penalty=1.3), *others)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, device_map="cuda")
    tokenizer = ChatTokenizer(folder)
    prompt = torch.tensor([tokenizer.encode_chat([ChatMessage("user", LONG)])], device="cuda")
    given = model.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=32,
        do_sample=False,
        repetition_penalty=1.3,
    )
    assert ours == tokenizer.decode(given[0, prompt.shape[1] :].tolist())


async def test_many_at_once_in_bf16_come_to_their_ends(make: Make) -> None:
    engine = make()
    layout = await engine.layout()
    assert layout["cache_tokens"] > 10_000
    written = await asyncio.gather(*(write(engine, f"{number} {LONG}", max_new_tokens=64) for number in range(64)))
    assert all(text for text, _ in written)
    again = await asyncio.gather(*(write(engine, f"{number} {LONG}", max_new_tokens=64) for number in range(64)))
    assert sum(finished.reused_tokens for _, finished in again) > 64 * 100


async def test_a_seed_holds(make: Make) -> None:
    engine = make(dtype="float32")
    options = {"max_new_tokens": 24, "temperature": 1.0, "top_p": 0.9, "seed": 11}
    alone = (await write(engine, LONG, **options))[0]
    *_, company = await asyncio.gather(
        *(write(engine, f"{number}", max_new_tokens=40, temperature=1.0) for number in range(8)),
        write(engine, LONG, **options),
    )
    assert company[0] == alone


async def test_giving_up_frees_the_pages_while_batches_are_ahead(make: Make) -> None:
    engine = make()
    for _ in range(20):
        tasks = [asyncio.create_task(write(engine, f"{n} {LONG}", max_new_tokens=600)) for n in range(16)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    text, _ = await write(engine, LONG, max_new_tokens=16)
    assert text
    assert engine._worker._writing._running == {}


async def test_out_of_memory_is_survived(make: Make) -> None:
    import torch

    engine = make()
    whole, _ = await write(engine, LONG, max_new_tokens=32)
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(max(free - 64_000_000, 1), dtype=torch.uint8, device="cuda")
    try:
        await asyncio.gather(*(write(engine, f"{n} {LONG}", max_new_tokens=64) for n in range(32)))
    except EngineFailed as error:
        assert "memory" in str(error)
    finally:
        del hog
        torch.cuda.empty_cache()
    assert (await write(engine, LONG, max_new_tokens=32))[0] == whole


@pytest.mark.parametrize("quantisation", ["int8", "int4"])
async def test_packed_weights_write(make: Make, quantisation: str) -> None:
    if importlib.util.find_spec("torchao") is None:
        pytest.skip("torchao is not installed")
    text, finished = await write(make(quantisation=quantisation), LONG, max_new_tokens=16)
    assert text
    assert finished.completion_tokens > 0


async def test_adapters_write_beside_the_base(make: Make, folder: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("peft") is None:
        pytest.skip("peft is not installed")
    from tests.support.tiny_models import build_tiny_adapter

    engine = make(dtype="float32", adapters={"tutor": build_tiny_adapter(tmp_path / "tutor", folder)})
    alone = [(await write(engine, LONG, max_new_tokens=24, adapter=name))[0] for name in (None, "tutor")]
    both = await asyncio.gather(*(write(engine, LONG, max_new_tokens=24, adapter=name) for name in (None, "tutor")))
    assert [text for text, _ in both] == alone
    assert alone[0] != alone[1]
