"""Several replicas of a model: the least busy one is asked, a broken one rests, and another answers in its place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from models.engines.remote.remote_engine import RemoteGenerator
from models.errors import EngineFailed, Overloaded
from models.types import ChatMessage, GenerationRequest, TextChunk
from tests.support.model_server import ModelServer, chunk, hangs, page, pauses, says, status, streams, tears

Make = Callable[..., RemoteGenerator]
ASK = GenerationRequest((ChatMessage("user", "Hello"),))


async def text_of(generator: RemoteGenerator) -> str:
    return "".join([event.text async for event in generator.stream(ASK) if isinstance(event, TextChunk)])


async def begin(generator: RemoteGenerator) -> AsyncGenerator[Any, None]:
    events = generator.stream(ASK)
    await anext(events)
    return events


async def test_the_least_busy_one_is_asked_and_equals_take_turns(engine: Make) -> None:
    writing = pauses(chunk("one"), then=[chunk(finish="stop")])
    async with ModelServer(writing) as first, ModelServer(writing) as second:
        generator = engine(first.url, second.url)
        streams = [await begin(generator) for _ in range(4)]
        assert (first.here, second.here) == (2, 2)
        await streams[0].aclose()
        await streams[2].aclose()
        streams += [await begin(generator) for _ in range(2)]
        assert (len(first.asked), len(second.asked)) == (4, 2)
        for events in streams:
            await events.aclose()


@pytest.mark.parametrize(
    ("dying", "options"),
    [
        (tears(), {}),
        (tears(chunk("", role="assistant")), {}),
        (status(500), {}),
        (status(429, headers={"Retry-After": "60"}), {}),
        (page(), {}),
        (streams("{broken"), {}),
        (says(""), {}),
        (hangs(), {"first_token_seconds": 0.1}),
    ],
)
async def test_before_the_first_token_another_one_is_asked(engine: Make, dying: Any, options: dict[str, Any]) -> None:
    async with ModelServer(dying) as first, ModelServer(says("I am well")) as second:
        assert await text_of(engine(first.url, second.url, **options)) == "I am well"
    assert (len(first.asked), len(second.asked)) == (1, 1)


async def test_after_the_first_token_no_other_one_is_asked(engine: Make) -> None:
    async with ModelServer(tears(chunk("half a "))) as first, ModelServer(says("answer")) as second:
        with pytest.raises(EngineFailed, match="stopped in the middle"):
            await text_of(engine(first.url, second.url))
    assert second.asked == []


@pytest.mark.parametrize("code", [400, 401, 404])
async def test_a_wrong_request_is_sent_to_one_only(engine: Make, code: int) -> None:
    async with ModelServer(status(code)) as first, ModelServer(says("answer")) as second:
        with pytest.raises(EngineFailed):
            await text_of(engine(first.url, second.url))
    assert second.asked == []


async def test_the_log_says_why_a_replica_rests_and_for_how_long(
    engine: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer(status(500)) as server:
        generator = engine(server.url, failures=1, rest_seconds=0.01)
        with pytest.raises(EngineFailed):
            await text_of(generator)
        place = server.url.removesuffix("/")
        assert f"{place} is left alone for 0.01 seconds: The server '" in caplog.text
        assert "failed (HTTP 500)" in caplog.text
        server.becomes(says("well"))
        await asyncio.sleep(0.01)  # its rest
        assert await text_of(generator) == "well"
    assert f"{place} answers again" in caplog.text
    assert "opened" not in caplog.text


async def test_a_replica_that_fails_again_and_again_rests(engine: Make) -> None:
    async with ModelServer(status(500)) as first, ModelServer(says("well")) as second:
        generator = engine(first.url, second.url, failures=2, rest_seconds=3600)
        for _ in range(6):
            assert await text_of(generator) == "well"
    assert len(first.asked) == 2


async def test_failures_in_the_middle_of_a_text_count_too(engine: Make) -> None:
    async with ModelServer(tears(chunk("half a "))) as server:
        generator = engine(server.url, failures=1, rest_seconds=3600)
        with pytest.raises(EngineFailed, match="in the middle"):
            await text_of(generator)
        with pytest.raises(EngineFailed, match="failed; it is asked again"):
            await text_of(generator)


async def test_where_all_rest_nobody_is_kept_waiting(engine: Make) -> None:
    async with ModelServer(status(500)) as server:
        generator = engine(server.url, failures=2, rest_seconds=3600)
        for _ in range(2):
            with pytest.raises(EngineFailed, match="HTTP 500"):
                await text_of(generator)
        with pytest.raises(EngineFailed, match=r"failed; it is asked again in 3[56]\d\d seconds"):
            await text_of(generator)
    assert len(server.asked) == 2


async def test_busy_or_refusing_is_not_broken(engine: Make) -> None:
    async with ModelServer(status(429, headers={"Retry-After": "60"})) as server:
        generator = engine(server.url, failures=1, rest_seconds=3600)
        for _ in range(3):
            with pytest.raises(Overloaded):
                await text_of(generator)
    assert len(server.asked) == 3


async def test_after_its_rest_one_request_probes_it(engine: Make) -> None:
    recovering = pauses(chunk("back"), then=[chunk(finish="stop")])
    async with ModelServer(status(500), hangs(), recovering) as first, ModelServer(says("well")) as second:
        generator = engine(first.url, second.url, failures=1, rest_seconds=0)
        assert await text_of(generator) == "well"
        probe = asyncio.create_task(text_of(generator))  # both are free, and the first one has rested the longest
        while len(first.asked) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert [await text_of(generator) for _ in range(3)] == ["well"] * 3  # nobody else waits for the probe
        assert len(first.asked) == 2
        probe.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await probe
        events = await begin(generator)
        assert len(first.asked) == 3
        await events.aclose()
