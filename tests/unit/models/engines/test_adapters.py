"""LoRA adapters: each text by its own, as peft would write it, however many share a step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.errors import InvalidWeights, ModelError, UnknownModel
from models.ports import Generator
from models.types import ChatMessage, Finished, GenerationRequest, TextChunk
from tests.support.tiny_models import build_tiny_adapter, build_tiny_causal, build_tiny_llama, peft_on_new_transformers

SIZES = PagedSizes(page_tokens=16, blocks=128, batch_tokens=256, requests=8)
LONG = "the quick brown fox " * 6
KINDS = ["padded", "paged"]


def build(kind: str, folder: Path, adapters: dict[str, Path]) -> Generator:
    if kind == "paged":
        return PagedGenerator(folder, device="cpu", dtype="float32", sizes=SIZES, adapters=adapters)
    return TransformersGenerator(folder, device="cpu", dtype="float32", threads=1, adapters=adapters)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory, base: Path) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("adapters")
    return {
        "tutor": build_tiny_adapter(root / "tutor", base, seed=1),
        "poet": build_tiny_adapter(root / "poet", base, seed=2, rank=8, target_modules=["q_proj", "gate_proj"]),
    }


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest, base: Path, adapters: dict[str, Path]) -> AsyncIterator[Generator]:
    made = build(request.param, base, adapters)
    yield made
    await made.close()


async def write(engine: Generator, adapter: str | None, text: str = LONG) -> tuple[str, Finished]:
    request = GenerationRequest((ChatMessage("user", text),), max_new_tokens=12, adapter=adapter)
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextChunk)), events[-1]


def by_peft(base: Path, adapter: Path | None) -> str:
    """The text that plain transformers with peft writes."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter is not None:
        with peft_on_new_transformers():
            model = PeftModel.from_pretrained(model, str(adapter))
    tokenizer = ChatTokenizer(base)
    prompt = torch.tensor([tokenizer.encode_chat([ChatMessage("user", LONG)])])
    given = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=12, do_sample=False)
    return tokenizer.decode(given[0, prompt.shape[1] :].tolist())


async def test_each_adapter_writes_what_peft_would(engine: Generator, base: Path, adapters: dict[str, Path]) -> None:
    texts = {name: (await write(engine, name))[0] for name in (None, *adapters)}
    assert texts == {name: by_peft(base, adapters.get(name or "")) for name in texts}
    assert len(set(texts.values())) == 3


async def test_adapters_share_a_step_without_mixing(engine: Generator, adapters: dict[str, Path]) -> None:
    asked = [(name, text) for text in (LONG, "lazy dog") for name in (None, *adapters)]
    alone = [(await write(engine, *one))[0] for one in asked]
    together = await asyncio.gather(*(write(engine, *one) for one in asked * 2))
    assert [text for text, _ in together] == alone * 2


async def test_a_beginning_is_known_to_its_own_adapter_alone(engine: Generator) -> None:
    await write(engine, None)
    assert (await write(engine, "tutor"))[1].reused_tokens == 0
    assert (await write(engine, "poet"))[1].reused_tokens == 0
    for name in (None, "tutor", "poet"):
        assert (await write(engine, name))[1].reused_tokens > 0


async def test_likelihoods_are_the_base_models(engine: Generator, base: Path) -> None:
    plain = TransformersGenerator(base, device="cpu", dtype="float32", threads=1)
    messages = (ChatMessage("user", "fox"),)
    before = await engine.score(messages, ["dog", "lazy dog"])
    running = asyncio.create_task(write(engine, "tutor"))
    during = await engine.score(messages, ["dog", "lazy dog"])
    await running
    assert before == pytest.approx(await plain.score(messages, ["dog", "lazy dog"]), abs=1e-4)
    assert during == pytest.approx(before, abs=1e-4)
    await plain.close()


async def test_an_unknown_adapter_is_named(engine: Generator) -> None:
    with pytest.raises(UnknownModel, match=r"no adapter 'nobody'.*models\.adapters\.nobody.*tutor, poet"):
        await write(engine, "nobody")


async def test_models_with_other_caches_are_served_too(tmp_path: Path) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    base = build_tiny_causal(tmp_path / "base", MistralConfig, MistralForCausalLM, sliding_window=16)
    adapter = build_tiny_adapter(tmp_path / "tutor", base)
    engine = build("padded", base, {"tutor": adapter})
    both = await asyncio.gather(write(engine, None), write(engine, "tutor"))
    assert [text for text, _ in both] == [by_peft(base, None), by_peft(base, adapter)]
    await engine.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("missing", r"no adapter_config\.json"),
        ("pickle", "Pickles are refused"),
        ("damaged", "cannot be read"),
        ("larger", "made for another model"),
        ("dora", "no plain LoRA"),
    ],
)
async def test_a_folder_that_is_wrong_is_refused(kind: str, fault: str, said: str, base: Path, tmp_path: Path) -> None:
    engine = build(kind, base, {"tutor": faulty(fault, tmp_path, base)})
    with pytest.raises((InvalidWeights, ModelError), match=said):
        await write(engine, "tutor")
    await engine.close()


def faulty(fault: str, root: Path, base: Path) -> Path:
    if fault == "missing":
        return root / "nowhere"
    if fault == "larger":
        return build_tiny_adapter(root / "a", build_tiny_llama(root / "large", hidden_size=64))
    folder = build_tiny_adapter(root / "a", base)
    weights = folder / "adapter_model.safetensors"
    if fault == "pickle":
        weights.rename(folder / "adapter_model.bin")
    if fault == "damaged":
        weights.write_bytes(weights.read_bytes()[:100])
    if fault == "dora":
        config = folder / "adapter_config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"use_dora": True}))
    return folder
