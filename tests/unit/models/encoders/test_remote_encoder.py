"""The remote encoder against a real server, well-behaved and not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from models.encoders.remote_encoder import RemoteEncoder
from models.engines.remote.server import Server
from models.errors import EngineFailed, Overloaded
from tests.support.model_server import KEY, Behaviour, ModelServer, page, replies, status

Make = Callable[..., RemoteEncoder]


@pytest.fixture
async def encoder() -> AsyncIterator[Make]:
    made: list[RemoteEncoder] = []

    def make(*urls: str, **options: Any) -> RemoteEncoder:
        made.append(RemoteEncoder(Server("vectors", urls, "bge-m3", **{"retries": 0, **options})))
        return made[-1]

    yield make
    for one in made:
        one.close()


def rows(body: dict[str, Any]) -> dict[str, Any]:
    """A vector that tells the text's length, in a wrong order, as a server may give them."""
    made = [{"index": index, "embedding": [3.0, len(text), 0.0]} for index, text in enumerate(body["input"])]
    return {"object": "list", "data": made[::-1]}


async def test_rows_have_length_one_and_the_order_of_the_texts(encoder: Make) -> None:
    async with ModelServer(replies(rows)) as server:
        made = encoder(server.url, key=KEY)
        vectors = await asyncio.to_thread(made.embed, ["a", "four", ""])
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(np.array([[0.9486833, 0.3162278, 0], [0.6, 0.8, 0], [0, 0, 0]]))
    assert (made.dimension, made.name, made.languages) == (3, "server:vectors/bge-m3", {"*"})
    assert server.asked == [{"model": "bge-m3", "input": ["a", "four"], "encoding_format": "float"}]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_many_texts_go_in_batches_and_queries_have_their_prefix(encoder: Make) -> None:
    async with ModelServer(replies(rows)) as server:
        made = encoder(server.url, query_prefix="query: ", passage_prefix="passage: ")
        assert (await asyncio.to_thread(made.embed, ["x"] * 70)).shape == (70, 3)
        assert (await asyncio.to_thread(made.embed, ["x \ud800"], "query")).shape == (1, 3)
    assert [len(asked["input"]) for asked in server.asked] == [32, 32, 6, 1]
    assert (server.asked[0]["input"][0], server.asked[3]["input"]) == ("passage: x", ["query: x ?"])


async def test_the_dimension_is_asked_once_and_nothing_to_embed_is_no_request(encoder: Make) -> None:
    async with ModelServer(replies(rows)) as server:
        made = encoder(server.url)
        assert await asyncio.to_thread(lambda: [made.dimension, made.dimension]) == [3, 3]
        assert (await asyncio.to_thread(made.embed, [" "])).tolist() == [[0, 0, 0]]
    assert len(server.asked) == 1


def one_row(embedding: Any) -> Behaviour:
    return replies(lambda body: {"data": [{"index": 0, "embedding": embedding}]})


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        (page(), EngineFailed, "base_url|no chat completion"),
        (replies(lambda body: {"data": []}), EngineFailed, "Check that it speaks the OpenAI API"),
        (replies(lambda body: ["?"]), EngineFailed, "Check that it speaks the OpenAI API"),
        (one_row([]), EngineFailed, "OpenAI API"),
        (one_row(["x"]), EngineFailed, "OpenAI API"),
        (one_row([float("nan")]), EngineFailed, "OpenAI API"),
        (status(401), EngineFailed, "refuses the key"),
        (status(404), EngineFailed, "does not know the model 'bge-m3'"),
        (status(429, headers={"Retry-After": "99"}), Overloaded, "too much to do"),
        (status(500), EngineFailed, "HTTP 500"),
    ],
)
async def test_bad_servers(encoder: Make, behaviour: Behaviour, kind: type[EngineFailed], said: str) -> None:
    async with ModelServer(behaviour) as server:
        with pytest.raises(kind, match=said):
            await asyncio.to_thread(encoder(server.url).embed, ["a"])


async def test_another_dimension_than_before_is_refused(encoder: Make) -> None:
    async with ModelServer(one_row([1.0, 0.0]), one_row([1.0, 0.0, 0.0])) as server:
        made = encoder(server.url)
        await asyncio.to_thread(made.embed, ["a"])
        with pytest.raises(EngineFailed):
            await asyncio.to_thread(made.embed, ["a"])


async def test_another_replica_is_asked_and_the_same_again(encoder: Make) -> None:
    async with ModelServer(status(500)) as first, ModelServer(replies(rows)) as second:
        assert (await asyncio.to_thread(encoder(first.url, second.url).embed, ["a"])).shape == (1, 3)
    async with ModelServer(status(503, headers={"Retry-After": "0"}), replies(rows)) as server:
        assert (await asyncio.to_thread(encoder(server.url, retries=1).embed, ["a"])).shape == (1, 3)
