"""The registry builds a profile's models, or says what is missing; the rooms stay light until used."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from models.catalogue import Task
from models.engines.llamacpp_engine import LlamaCppGenerator
from models.engines.llamacpp_file import read_facts
from models.errors import (
    ContextTooLong,
    EngineFailed,
    InvalidWeights,
    ModelError,
    TooLarge,
    UnknownModel,
    UnsupportedLanguage,
    WeightsUnavailable,
)
from models.extras import install
from models.ports import Generator
from models.registry import ModelOptions, Registry
from models.tasks.classifiers import ClassifierSentiment
from models.tasks.sentiment import EvidenceSentiment
from models.types import ChatMessage, Finished, GenerationRequest, TextChunk
from tests.support.tiny_gguf import to_gguf
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama, without_tensors

needs_llamacpp = pytest.mark.skipif(find_spec("llama_cpp") is None, reason="the extra llamacpp is not installed")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("registry")
    return {
        "generate": str(build_tiny_llama(root / "llama")),
        "embed": str(build_tiny_bert(root / "bert")),
        "rerank": str(build_tiny_bert(root / "judge", classes=("relevance",))),
        "sentiment": str(build_tiny_bert(root / "mood", classes=("negative", "neutral", "positive"))),
    }


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    registry = Registry(ModelOptions(tmp_path))
    with pytest.raises(WeightsUnavailable, match="parley models fetch smollm2-135m-instruct"):
        registry.generator()
    with pytest.raises(WeightsUnavailable, match="parley models fetch all-minilm-l6-v2"):
        registry.embedder()


def test_an_unknown_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="embedded"):
        Registry(ModelOptions(tmp_path, profile="none")).generator()


async def test_models_are_built_once_and_shared(tmp_path: Path, folders: dict[str, str]) -> None:
    options = ModelOptions(tmp_path, device="cpu", overrides={k: folders[k] for k in ("generate", "embed")})
    registry = Registry(options)
    assert registry.generator() is registry.generator()
    assert registry.embedder() is registry.embedder()
    assert isinstance(registry.sentiment(), EvidenceSentiment)
    request = GenerationRequest((ChatMessage("user", "fox"),), max_new_tokens=2)
    assert isinstance([event async for event in registry.generator().stream(request)][-1], Finished)
    (judged,) = await registry.classifier().classify(["the quick fox"], ["fox", "dog"])
    assert judged.label in {"fox", "dog"}
    first = registry.generator()
    await registry.close()
    assert registry.generator() is not first
    await registry.close()


async def test_a_trained_sentiment_model_comes_first(tmp_path: Path, folders: dict[str, str]) -> None:
    registry = Registry(ModelOptions(tmp_path, device="cpu", overrides=folders))
    assert isinstance(registry.sentiment().engine, ClassifierSentiment)  # type: ignore[attr-defined]
    (judged,) = await registry.sentiment().judge(["good"])
    assert judged.label in {"positive", "neutral", "negative"}
    await registry.close()


async def test_the_embedded_profile_says_that_it_cannot_translate_and_what_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    translator = Registry(ModelOptions(tmp_path)).translator()
    assert not translator.supports("en", "zh")
    with pytest.raises(UnsupportedLanguage, match=r"English to Chinese.*'embedded'.*standard.*parley models fetch"):
        await translator.translate(["hello"], "en", "zh")


def test_several_models_for_a_task_are_separated_by_commas(tmp_path: Path) -> None:
    registry = Registry(ModelOptions(tmp_path, overrides={"translate": "opus-mt-zh-en, opus-mt-en-zh"}))
    assert [spec.pairs for spec in registry.specs(Task.TRANSLATE)] == [("zh-en",), ("en-zh",)]


def test_importing_the_models_loads_no_heavy_library() -> None:
    code = (
        "import sys, models.registry, models.weights, models.engines.scripted, models.tasks.sentiment\n"
        "heavy = {'torch', 'transformers', 'tokenizers', 'huggingface_hub', 'numpy', 'bot', 'retrieval'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


@pytest.mark.embedded
async def test_the_embedded_models_answer() -> None:
    place = os.environ.get("PARLEY_TEST_MODELS")
    if not place:
        pytest.skip("PARLEY_TEST_MODELS names no folder with the embedded models")
    registry = Registry(ModelOptions(Path(place), device="cpu"))
    question = GenerationRequest((ChatMessage("user", "What is the capital of France?"),), max_new_tokens=20)
    text = "".join([getattr(event, "text", "") async for event in registry.generator().stream(question)])
    assert "Paris" in text
    vectors = registry.embedder().embed(["Where is my parcel?", "My package has not arrived.", "I like red wine."])
    assert vectors.shape == (3, 384)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    await registry.close()


async def say(generator: Generator, text: str = "fox", tokens: int = 40) -> str:
    request = GenerationRequest((ChatMessage("user", text),), max_new_tokens=tokens)
    return "".join([event.text async for event in generator.stream(request) if isinstance(event, TextChunk)])


async def test_a_swap_gives_new_work_to_the_new_model_and_lets_the_old_one_finish(
    tmp_path: Path, folders: dict[str, str]
) -> None:
    other = str(build_tiny_llama(tmp_path / "other", seed=1))
    registry = Registry(ModelOptions(tmp_path, device="cpu", overrides=folders))
    generator = registry.generator()
    before = await say(generator)
    old = generator.engine  # type: ignore[attr-defined]

    running = generator.stream(GenerationRequest((ChatMessage("user", "fox"),), max_new_tokens=40))
    pieces = [await anext(running)]
    await registry.swap("generate", other)
    assert generator.name == "other"
    after = await say(generator)
    pieces += [event async for event in running]
    assert "".join(event.text for event in pieces if isinstance(event, TextChunk)) == before
    assert after != before
    assert {event.model for event in pieces if isinstance(event, TextChunk | Finished)} == {"llama"}, "who wrote it"
    await registry.close()
    with pytest.raises(EngineFailed, match="closed"):
        await say(old)


async def test_a_swap_that_cannot_be_changes_nothing(tmp_path: Path, folders: dict[str, str]) -> None:
    size = (Path(folders["generate"]) / "model.safetensors").stat().st_size
    large = build_tiny_llama(tmp_path / "large", num_hidden_layers=40)
    options = ModelOptions(tmp_path, device="cpu", overrides=folders, memory_bytes=4 * size)
    registry = Registry(options)
    before = await say(registry.generator())
    with pytest.raises(TooLarge, match=r"large.*models\.memory_gb.*fits"):
        await registry.swap("generate", str(large))
    with pytest.raises(UnknownModel):
        await registry.swap("generate", "no such model")
    with pytest.raises(WeightsUnavailable, match="parley models fetch qwen3-1_7b"):
        await registry.swap("generate", "qwen3-1_7b")
    with pytest.raises(UnknownModel, match="index holds its vectors"):
        await registry.swap("embed", folders["embed"])
    other = build_tiny_llama(tmp_path / "other", seed=1)
    with pytest.raises(TooLarge):  # the first of the two could be
        await registry.swap("generate", f"{other}, {large}")
    broken = build_tiny_llama(tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError):
        await registry.swap("generate", str(broken))
    assert await say(registry.generator()) == before
    assert [state.name for state in registry.state()] == ["llama"]
    await registry.close()


async def test_models_that_do_not_fit_together_take_turns(tmp_path: Path, folders: dict[str, str]) -> None:
    options = ModelOptions(tmp_path, device="cpu", overrides=folders, memory_bytes=1)
    needs = [
        Registry(options)._builders._weights(spec, Path(folders[spec.tasks[0]]))
        for spec in (*Registry(options).specs("generate"), *Registry(options).specs("embed"))
    ]
    registry = Registry(replace(options, memory_bytes=max(needs) + 10))
    before = await say(registry.generator())
    await asyncio.to_thread(registry.embedder().embed, ["fox"])
    assert {state.name: state.loaded for state in registry.state()} == {"llama": False, "bert": True}
    assert await say(registry.generator()) == before
    assert {state.name: state.loaded for state in registry.state()} == {"llama": True, "bert": False}
    await registry.close()


async def test_models_are_loaded_ahead_and_seen(tmp_path: Path, folders: dict[str, str]) -> None:
    registry = Registry(ModelOptions(tmp_path, device="cpu", overrides=folders))
    await registry.warm(["generate", "embed"])
    states = {state.name: state for state in registry.state()}
    assert states["llama"].tasks == ("generate",)
    assert states["bert"].loaded
    assert states["bert"].bytes > 1000
    assert registry.budget > 10**9
    await registry.close()


def test_a_profile_without_a_reranker_has_none(tmp_path: Path, folders: dict[str, str]) -> None:
    assert Registry(ModelOptions(tmp_path)).reranker() is None
    reranker = Registry(ModelOptions(tmp_path, device="cpu", overrides={"rerank": folders["rerank"]})).reranker()
    assert reranker is not None
    assert len(reranker.score("fox", ["the quick fox", "dog"])) == 2


@needs_llamacpp
async def test_a_gguf_file_runs_on_llama_cpp(tmp_path: Path, folders: dict[str, str]) -> None:
    path = to_gguf(Path(folders["generate"]), tmp_path / "tiny.gguf")
    registry = Registry(ModelOptions(tmp_path, overrides={"generate": str(path)}, threads=1))
    generator = registry.generator()
    assert isinstance(generator.engine, LlamaCppGenerator)  # type: ignore[attr-defined]
    *_, last = [
        event async for event in generator.stream(GenerationRequest((ChatMessage("user", "fox"),), max_new_tokens=3))
    ]
    assert isinstance(last, Finished)
    assert last.completion_tokens == 3
    (state,) = registry.state()
    facts, context = read_facts(path), generator.context_tokens
    assert (state.name, state.loaded) == ("tiny", True)
    assert state.bytes == int(path.stat().st_size * 1.1) + facts.bytes(4 * context)
    await registry.close()


@needs_llamacpp
async def test_a_gguf_file_gets_a_memory_that_fits(tmp_path: Path, folders: dict[str, str]) -> None:
    path = to_gguf(Path(folders["generate"]), tmp_path / "tiny.gguf")
    facts, weights = read_facts(path), int(path.stat().st_size * 1.1)
    room = weights + facts.bytes(200)
    options = ModelOptions(
        tmp_path,
        overrides={"generate": str(path), "embed": "server:none"},
        threads=1,
        context_tokens=128,
        memory_bytes=room,
    )
    registry = Registry(options)
    generator = registry.generator()
    await generator.warm()  # type: ignore[attr-defined]
    assert generator.context_tokens == 128
    (state,) = registry.state()
    assert state.bytes == room
    await registry.close()


@needs_llamacpp
@pytest.mark.parametrize(
    ("tokens", "said"), [(600, r"Or set models\.context_tokens to 600 or less\."), (100, r"fits\.$")]
)
async def test_a_gguf_file_that_does_not_fit_is_told_with_what_would(tmp_path: Path, tokens: int, said: str) -> None:
    folder = build_tiny_llama(tmp_path / "far")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 8192}))
    path = to_gguf(folder, tmp_path / "far.gguf")
    room = int(path.stat().st_size * 1.1) + read_facts(path).bytes(tokens)
    registry = Registry(ModelOptions(tmp_path, overrides={"generate": str(path)}, threads=1, memory_bytes=room))
    with pytest.raises(TooLarge, match=said):
        await registry.warm(["generate"])
    await registry.close()


async def test_a_generator_looks_at_no_more_than_is_set(tmp_path: Path, folders: dict[str, str]) -> None:
    registry = Registry(ModelOptions(tmp_path, overrides={"generate": folders["generate"]}, context_tokens=16))
    generator = registry.generator()
    assert generator.context_tokens == 16
    with pytest.raises(ContextTooLong, match="it can look at 16"):
        async for _ in generator.stream(GenerationRequest((ChatMessage("user", "fox " * 30),), max_new_tokens=3)):
            pass
    await registry.close()


def test_a_gguf_file_without_llama_cpp_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(EngineFailed, match=re.escape(install("llamacpp"))):
        Registry(ModelOptions(tmp_path, overrides={"generate": str(path)})).generator()


def cut(folder: Path) -> str:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    return str(folder)


async def test_the_next_one_of_a_chain_writes_when_one_before_it_cannot(
    tmp_path: Path, folders: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    gguf = tmp_path / "tiny.gguf"
    gguf.write_bytes(b"GGUF")
    whole = Path(folders["generate"])
    half = without_tensors(whole, tmp_path / "half")
    mute = without_tensors(whole, tmp_path / "mute", "none of them")
    (mute / "tokenizer.json").write_text("{")
    damaged = cut(without_tensors(whole, tmp_path / "damaged", "none of them"))
    alone = Registry(ModelOptions(tmp_path, device="cpu", overrides=folders))
    expected = await say(alone.generator())
    await alone.close()
    chain = f"{gguf}, {damaged}, smollm2-135m-instruct, {half}, {mute}, {whole}"
    registry = Registry(ModelOptions(tmp_path, device="cpu", overrides={"generate": chain}))
    await registry.warm(["generate"])
    assert await say(registry.generator()) == expected
    assert registry.generator().count_tokens("fox") == alone.generator().count_tokens("fox")
    for name in ("tiny", "damaged", "smollm2-135m-instruct"):
        assert f"{name} cannot write, and is left out of the chain" in caplog.text
    await registry.close()
    await alone.close()


async def test_a_chain_of_which_none_can_write_says_why(tmp_path: Path, folders: dict[str, str]) -> None:
    damaged = cut(without_tensors(Path(folders["generate"]), tmp_path / "damaged", "none of them"))
    registry = Registry(ModelOptions(tmp_path, overrides={"generate": f"{damaged}, smollm2-135m-instruct"}))
    with pytest.raises(InvalidWeights, match="'damaged' is damaged"):
        registry.generator()
    with pytest.raises(WeightsUnavailable):
        await registry.warm(["generate"])


async def test_a_swap_to_a_broken_chat_template_changes_nothing(tmp_path: Path, folders: dict[str, str]) -> None:
    mute = without_tensors(Path(folders["generate"]), tmp_path / "mute", "none of them")
    (mute / "chat_template.jinja").write_text("{% for message in messages %}")
    registry = Registry(ModelOptions(tmp_path, device="cpu", overrides=folders))
    with pytest.raises(InvalidWeights, match="chat template of 'mute' has an error in line 1"):
        await registry.swap("generate", str(mute))
    assert registry.generator().name == "llama"
    await registry.close()
