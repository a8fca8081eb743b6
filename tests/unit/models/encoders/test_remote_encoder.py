"""The remote encoder against a real server, well-behaved and not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from models.encoders.remote_encoder import RemoteEncoder
from models.engines.remote.server import Server
from models.errors import EngineFailed, Overloaded
from tests.support.model_server import KEY, Behaviour, ModelServer, hangs, page, replies, status, tears

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
        (page(), EngineFailed, r"answers with a web page\. base_url"),
        (page("{broken", "application/json"), EngineFailed, "answers what are no embeddings"),
        (page("hm", "text/plain"), EngineFailed, "answers what are no embeddings"),
        (replies(lambda body: {"data": []}), EngineFailed, r"no embeddings \(vectors: 0, texts: 1\)\. Check"),
        (replies(lambda body: ["?"]), EngineFailed, r"no embeddings\. Check that it speaks the OpenAI API"),
        (one_row([]), EngineFailed, r"no embeddings\. Check"),
        (one_row(["x"]), EngineFailed, r"no embeddings\. Check"),
        (one_row([float("nan")]), EngineFailed, "a number in them is not finite"),
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
        with pytest.raises(EngineFailed, match="vectors of 3 numbers, and of 2 before"):
            await asyncio.to_thread(made.embed, ["a"])


async def test_another_replica_is_asked_and_the_same_again(encoder: Make) -> None:
    async with ModelServer(status(500)) as first, ModelServer(replies(rows)) as second:
        assert (await asyncio.to_thread(encoder(first.url, second.url).embed, ["a"])).shape == (1, 3)
    async with ModelServer(status(503, headers={"Retry-After": "0"}), replies(rows)) as server:
        assert (await asyncio.to_thread(encoder(server.url, retries=1).embed, ["a"])).shape == (1, 3)


def after_a_while(body: Callable[[dict[str, Any]], Any]) -> Behaviour:
    """Answer once the test goes on."""

    async def behave(server: ModelServer, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        await server.go_on.wait()
        return web.json_response(body(asked))

    return behave


async def fails(encoder: RemoteEncoder, why: str) -> None:
    with pytest.raises(EngineFailed, match=why):
        await asyncio.to_thread(encoder.embed, ["a"])


async def test_a_server_that_is_down_is_left_alone(encoder: Make) -> None:
    async with ModelServer(tears()) as server:
        made = encoder(server.url, retries=2, failures=3, rest_seconds=3600)
        await fails(made, "broke the connection")
        for _ in range(10):
            await fails(made, r"failed; it is asked again in 3[56]\d\d seconds")
    assert len(server.asked) == 3


async def test_a_server_that_hangs_is_waited_for_once(encoder: Make) -> None:
    async with ModelServer(hangs()) as server:
        made = encoder(server.url, retries=2, failures=3, rest_seconds=3600, first_token_seconds=0.1)
        await fails(made, "wrote nothing for 0.1 seconds")
        for _ in range(10):
            await fails(made, "is asked again")
    assert len(server.asked) == 1


async def test_a_server_that_came_back_is_used_again(encoder: Make) -> None:
    async with ModelServer(status(500)) as server:
        made = encoder(server.url, failures=2, rest_seconds=0)
        for _ in range(3):
            await fails(made, "HTTP 500")
        server.becomes(replies(rows))
        for _ in range(3):
            assert (await asyncio.to_thread(made.embed, ["a"])).shape == (1, 3)
    assert len(server.asked) == 6


async def test_one_question_probes_and_the_others_do_not_wait_for_it(encoder: Make) -> None:
    async with ModelServer(status(500), after_a_while(rows)) as server:
        made = encoder(server.url, failures=1, rest_seconds=0)
        await fails(made, "HTTP 500")
        server.came.clear()
        probe = asyncio.create_task(asyncio.to_thread(made.embed, ["a"]))
        await server.came.wait()
        await asyncio.gather(*(fails(made, "is asked again") for _ in range(3)))
        assert len(server.asked) == 2
        server.go_on.set()
        assert (await probe).shape == (1, 3)
        assert (await asyncio.to_thread(made.embed, ["a"])).shape == (1, 3)


async def test_a_replica_that_hangs_holds_up_one_question_only(encoder: Make) -> None:
    async with ModelServer(hangs()) as first, ModelServer(replies(rows)) as second:
        made = encoder(first.url, second.url, rest_seconds=3600, first_token_seconds=0.5)
        for _ in range(5):
            assert (await asyncio.to_thread(made.embed, ["a"])).shape == (1, 3)
    assert (len(first.asked), len(second.asked)) == (1, 5)


async def test_the_least_busy_replica_is_asked(encoder: Make) -> None:
    async with ModelServer(after_a_while(rows)) as first, ModelServer(after_a_while(rows)) as second:
        made = encoder(first.url, second.url)
        asking = []
        for number in range(4):
            for server in (first, second):
                server.came.clear()
            asking.append(asyncio.create_task(asyncio.to_thread(made.embed, [f"text {number}"])))
            came = [asyncio.create_task(server.came.wait()) for server in (first, second)]
            _, waiting = await asyncio.wait(came, return_when=asyncio.FIRST_COMPLETED)
            for one in waiting:
                one.cancel()
        assert (first.here, second.here) == (2, 2)
        for server in (first, second):
            server.go_on.set()
        assert len(await asyncio.gather(*asking)) == 4


async def test_being_busy_is_no_reason_to_rest(encoder: Make) -> None:
    async with ModelServer(status(429, headers={"Retry-After": "99"})) as server:
        made = encoder(server.url, failures=1, rest_seconds=3600)
        for _ in range(3):
            await fails(made, "too much to do")
    assert len(server.asked) == 3
