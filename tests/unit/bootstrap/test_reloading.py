"""Models are changed while Parley runs, by what its file says now."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.bootstrap import Parley
from bot.errors import SettingsError
from bot.settings import load_settings
from models.types import ChatMessage, GenerationRequest
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama


@pytest.fixture
async def parley(tmp_path: Path, home: Path) -> AsyncIterator[Parley]:
    build_tiny_llama(tmp_path / "one")
    build_tiny_llama(tmp_path / "two", seed=1)
    build_tiny_bert(tmp_path / "bert")
    build_tiny_bert(tmp_path / "mood", classes=("negative", "neutral", "positive"))
    write(tmp_path, "one")
    parley = Parley(load_settings(tmp_path / "parley.toml", {}))
    yield parley
    await parley.aclose()


def write(folder: Path, generator: str, more: str = "") -> None:
    embedder = "" if "embedder" in more else f'embedder = "{folder / "bert"}"\n'
    text = f'home = "home"\n[models]\ndevice = "cpu"\ngenerator = "{folder / generator}"\n{embedder}{more}'
    (folder / "parley.toml").write_text(text, encoding="utf-8")


async def test_a_model_that_the_file_names_anew_is_taken(parley: Parley, tmp_path: Path) -> None:
    generator = parley.registry.generator()
    assert generator.name == "one"
    write(tmp_path, "two", f'sentiment = "{tmp_path / "mood"}"\n')
    *swapped, loaded = await parley.reload_models()
    assert swapped == ["generate: two from now on", "sentiment: mood from now on"]
    assert re.match(r"In memory: two \(\d+ MB\), mood \(\d+ MB\); ", loaded)
    assert generator.name == "two"
    assert parley.registry.sentiment().name == "mood"
    assert (await parley.reload_models())[0] == "The models are as they were."


async def test_it_says_what_is_in_memory_and_at_work(parley: Parley) -> None:
    assert await parley.reload_models() == ["The models are as they were.", "In memory: no model."]
    request = GenerationRequest((ChatMessage("user", "fox"),), max_new_tokens=20)
    async with contextlib.aclosing(parley.registry.generator().stream(request)) as events:  # type: ignore[type-var]
        await anext(events)
        assert re.fullmatch(r"In memory: one \(\d+ MB, at work\); \d+ MB of [\d.]+ GB for models\.", await told(parley))
    assert re.fullmatch(r"In memory: one \(\d+ MB\); \d+ MB of [\d.]+ GB for models\.", await told(parley))


async def told(parley: Parley) -> str:
    return (await parley.reload_models())[-1]


async def test_what_cannot_be_changed_now_is_said(parley: Parley, tmp_path: Path) -> None:
    write(tmp_path, "one", 'threads = 1\nreranker = "bge-reranker-base"\n')
    lines = await parley.reload_models()
    assert lines[0].startswith("rerank: stays as it is.")
    assert "parley models fetch bge-reranker-base" in lines[0]
    assert lines[1] == "At the next start: models.threads"


async def test_another_embedder_waits_for_a_restart_and_what_comes_then_is_said(parley: Parley, tmp_path: Path) -> None:
    encoder = parley.registry.embedder()
    build_tiny_bert(tmp_path / "vectors")
    write(tmp_path, "two", f'embedder = "{tmp_path / "vectors"}"\n')
    said = "embed: stays bert. Restart Parley for vectors, with which it then embeds the knowledge base anew"
    assert (await parley.reload_models())[:2] == ["generate: two from now on", said]
    assert (await parley.reload_models())[0] == said, "each time, until it is done"
    assert (parley.registry.embedder(), encoder.name) == (encoder, "bert")
    assert parley.settings.models.embedder == str(tmp_path / "bert")
    write(tmp_path, "two", 'embedder = "bge-m3"\n')
    assert (await parley.reload_models())[0].endswith("anew. First run: parley models fetch bge-m3")


async def test_what_another_profile_chooses_waits_for_a_restart(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text('home = "home"\n[models]\nprofile = "standard"\ndevice = "cpu"\n', "utf-8")
    lines = await parley.reload_models()
    assert [line.partition(":")[0] for line in lines] == ["embed", "At the next start", "In memory"]
    assert lines[1] == "At the next start: models.profile"
    assert parley.registry.generator().name == "one"


async def test_a_file_that_is_wrong_changes_nothing(parley: Parley, tmp_path: Path) -> None:
    generator = parley.registry.generator()
    write(tmp_path, "three")
    with pytest.raises(SettingsError, match=r"models\.generator.*three"):
        await parley.reload_models()
    assert generator.name == "one"


def test_the_settings_of_memory_reach_the_registry(tmp_path: Path, home: Path) -> None:
    write(tmp_path, "one", 'memory_gb = 2.5\nquantisation = "INT8"\nadapters.tutor.folder = "./tutor"\n')
    parley = Parley(load_settings(tmp_path / "parley.toml", {}))
    assert parley.registry.budget == 2_500_000_000
    assert parley.settings.models.quantisation == "int8"
    assert parley.settings.models.adapters["tutor"].folder == tmp_path / "tutor"
