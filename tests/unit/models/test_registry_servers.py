"""The registry builds what `server:NAME` and a chain of models name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from models.catalogue import ServerSource, Task, resolve
from models.engines.fallback import FallbackGenerator
from models.engines.remote.server import Server
from models.errors import UnknownModel
from models.registry import ModelOptions, Registry
from models.tasks.translation.generative import GenerativeTranslator
from models.types import ChatMessage, Finished, GenerationRequest
from tests.support.model_server import ModelServer, replies, says, status
from tests.support.tiny_models import build_tiny_llama


def registry(folder: Path, overrides: dict[str, str], **urls: str) -> Registry:
    servers = {name: Server(name, (url,), "some-model", retries=0) for name, url in urls.items()}
    return Registry(ModelOptions(folder, overrides=overrides, servers=servers))


async def who_writes(made: Registry) -> str:
    generator = await asyncio.to_thread(made.generator)
    events = [event async for event in generator.stream(GenerationRequest((ChatMessage("user", "fox"),)))]
    assert isinstance(events[-1], Finished)
    return events[-1].model


async def test_a_server_writes_and_says_how_much_it_can_look_at(tmp_path: Path) -> None:
    models = [{"id": "other", "max_model_len": 1}, {"id": "some-model", "max_model_len": 512}]
    async with ModelServer(says("Hi"), models=models) as server:
        made = registry(tmp_path, {"generate": "server:big"}, big=server.url)
        assert await who_writes(made) == "server:big/some-model"
        assert made.generator() is made.generator()
        assert made.generator().context_tokens == 512
        await made.close()


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        ({"context_length": 300}, 300),  # hosted ones
        ({"meta": {"n_ctx": 200, "n_ctx_train": 900}}, 200),  # llama.cpp
        ({"max_model_len": None}, 4096),
        ({}, 4096),
    ],
)
async def test_other_words_for_the_size_of_the_context(tmp_path: Path, entry: dict[str, object], size: int) -> None:
    async with ModelServer(says("Hi"), models=[{"id": "some-model", **entry}]) as server:
        made = registry(tmp_path, {"generate": "server:big"}, big=server.url)
        assert (await asyncio.to_thread(made.generator)).context_tokens == size
        await made.close()


async def test_on_an_event_loop_nothing_is_waited_for(tmp_path: Path) -> None:
    async with ModelServer(says("Hi"), models=[{"id": "some-model", "max_model_len": 512}]) as server:
        made = registry(tmp_path, {"generate": "server:big"}, big=server.url)
        assert made.generator().context_tokens == 4096  # asking would have locked this very server
        assert await who_writes(made) == "server:big/some-model"
        await made.close()


async def test_a_chain_goes_on_to_the_next_and_names_it(tmp_path: Path) -> None:
    async with ModelServer(status(500)) as broken, ModelServer(says("Hi")) as well:
        made = registry(tmp_path, {"generate": "server:one, server:two"}, one=broken.url, two=well.url)
        assert await who_writes(made) == "server:two/some-model"
        assert isinstance(made.generator(), FallbackGenerator)
        await made.close()


async def test_a_chain_from_this_machine_to_a_server(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "tiny")
    made = registry(tmp_path, {"generate": f"{folder}, server:big"}, big="http://127.0.0.1:9/v1")
    assert await who_writes(made) == "tiny"
    await made.close()


async def test_a_server_embeds_and_translates(tmp_path: Path) -> None:
    async with ModelServer(replies(lambda body: {"data": [{"index": 0, "embedding": [0.0, 2.0]}]})) as server:
        made = registry(tmp_path, {"embed": "server:vectors", "translate": "server:vectors"}, vectors=server.url)
        vectors = await asyncio.to_thread(lambda: made.embedder().embed(["a"]))
        assert vectors.tolist() == [[0.0, 1.0]]
        translator = await asyncio.to_thread(made.translator)
        assert any(isinstance(one, GenerativeTranslator) for one in translator._translators)  # type: ignore[attr-defined]
        await made.close()


def test_a_server_that_is_not_described(tmp_path: Path) -> None:
    made = registry(tmp_path, {"generate": "server:big", "embed": "server:big"}, other="http://127.0.0.1:9/v1")
    for build in (made.generator, made.embedder):
        with pytest.raises(UnknownModel, match=r"no server named 'big' \(other\).*\[models\.servers\.big\]"):
            build()


def test_what_a_server_cannot_do() -> None:
    assert resolve("server:big", Task.GENERATE).source == ServerSource("big")
    with pytest.raises(UnknownModel, match="A server cannot judge sentiment by itself"):
        resolve("server:big", Task.SENTIMENT)
