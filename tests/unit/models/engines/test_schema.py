"""Texts that are held to a JSON schema fit it, whatever a model with random weights would rather write."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed
from models.extras import install
from models.types import ChatMessage, Finished, FinishReason, GenerationRequest, TextChunk
from tests.support.tiny_models import build_tiny_llama

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("llguidance") is None, reason="the extra schema is not installed"
)
SCHEMA = {
    "type": "object",
    "properties": {"label": {"enum": ["positive", "negative", "中性"]}, "sure": {"type": "boolean"}},
    "required": ["label", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("schema") / "tiny")


@pytest.fixture
async def engine(folder: Path) -> AsyncIterator[TransformersGenerator]:
    made = TransformersGenerator(folder, device="cpu", threads=1)
    yield made
    await made.close()


async def write(engine: TransformersGenerator, **options: Any) -> tuple[str, Finished]:
    request = GenerationRequest((ChatMessage("user", "the quick brown fox"),), **options)
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextChunk)), events[-1]


@needs_library
@pytest.mark.parametrize("options", [{}, {"temperature": 1.5, "top_p": 0.5}, {"repetition_penalty": 1.3}])
async def test_what_is_written_fits_the_schema(engine: TransformersGenerator, options: dict[str, Any]) -> None:
    for seed in range(5):
        text, finished = await write(engine, schema=SCHEMA, max_new_tokens=120, seed=seed, **options)
        value = json.loads(text)
        assert value["label"] in ("positive", "negative", "中性")
        assert isinstance(value["sure"], bool)
        assert finished.reason is FinishReason.STOP


@needs_library
async def test_a_schema_that_is_none_is_refused_and_the_engine_goes_on(engine: TransformersGenerator) -> None:
    with pytest.raises(EngineFailed, match="JSON schema"):
        await write(engine, schema={"type": "nonsense"}, max_new_tokens=5)
    text, _ = await write(engine, max_new_tokens=5)
    assert text


async def test_without_the_library_it_says_what_to_install(
    engine: TransformersGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(EngineFailed, match=re.escape(install("schema"))):
        await write(engine, schema=SCHEMA)
