"""The remote engine against a real server that misbehaves: one clear sentence, and the right thing done about it."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable

import pytest

from models.engines.remote.remote_engine import RemoteGenerator
from models.errors import EngineFailed, Overloaded
from models.types import ChatMessage, Finished, GenerationRequest, TextChunk
from tests.support.model_server import (
    KEY,
    Behaviour,
    ModelServer,
    chunk,
    hangs,
    page,
    pauses,
    says,
    status,
    streams,
    tears,
)

SAID = "a very private question"
ASK = (ChatMessage("user", SAID),)
Make = Callable[..., RemoteGenerator]


async def text_of(generator: RemoteGenerator) -> str:
    text = ""
    async for event in generator.stream(GenerationRequest(ASK)):
        if isinstance(event, TextChunk):
            text += event.text
        else:
            assert isinstance(event, Finished)
    return text


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        (page(), EngineFailed, r"answers with a web page\. base_url .* end in /v1"),
        (page('{"choices": []}', "application/json"), EngineFailed, r"does not stream .* application/json"),
        (streams("{broken"), EngineFailed, "answers what is no chat completion"),
        (streams("[1, 2]"), EngineFailed, "answers what is no chat completion"),
        (streams({"choices": ["what?"]}), EngineFailed, "answers what is no chat completion"),
        (streams(), EngineFailed, "answers what is no chat completion"),
        (says(""), EngineFailed, r"wrote nothing\. Ask again"),
        (says("\n \n"), EngineFailed, r"wrote nothing\. Ask again"),
        (says("<think>Hm.</think>"), EngineFailed, r"wrote nothing\. Ask again"),
        (says("<think>Hm, so", finish="length"), EngineFailed, r"until its 256 tokens .* Raise models\.max_new"),
        (streams(chunk(reasoning="Hm"), chunk(finish="length")), EngineFailed, "thought until its 256 tokens"),
        (streams(chunk("half a"), done=False), EngineFailed, "stopped in the middle"),
        (tears(chunk("half a")), EngineFailed, "stopped in the middle"),
        (tears(), EngineFailed, "broke the connection"),
        (streams({"error": {"message": "CUDA"}}), EngineFailed, "reported an error while it wrote"),
        (streams({"error": "CUDA"}), EngineFailed, "reported an error while it wrote"),
        (status(401), EngineFailed, r"refuses the key\. Set PARLEY_MODELS__SERVERS__BIG__API_KEY"),
        (status(403), EngineFailed, "refuses the key"),
        (status(404), EngineFailed, "does not know the model 'some-model'"),
        (status(400, {"error": {"message": SAID, "param": "seed"}}), EngineFailed, r"HTTP 400\) because of seed"),
        (status(422, {"detail": SAID}), EngineFailed, r"refused the request \(HTTP 422\)\."),
        (status(429), Overloaded, r"too much to do \(HTTP 429\)"),
        (status(503), Overloaded, r"too much to do \(HTTP 503\)"),
        (status(500, {"error": {"message": SAID}}), EngineFailed, r"failed \(HTTP 500\)"),
    ],
)  # fmt: skip
async def test_each_failure_is_one_sentence(
    engine: Make, behaviour: Behaviour, kind: type[EngineFailed], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with ModelServer(behaviour) as server:
        with pytest.raises(kind, match=said) as caught:
            await text_of(engine(server.url, key=KEY))
    assert type(caught.value) is kind
    sentence = str(caught.value)
    assert sentence.startswith("The server 'big' at http://127.0.0.1:")
    assert "\n" not in sentence
    for secret in (KEY, SAID):
        assert secret not in sentence
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("behaviour", "setting"),
    [
        (hangs(), "first_token_seconds"),
        (pauses(), "first_token_seconds"),
        (pauses(chunk("", role="assistant")), "first_token_seconds"),
        (pauses(chunk("half a")), "between_seconds"),
    ],
)
async def test_a_server_that_falls_silent_is_left_after_its_time(
    engine: Make, behaviour: Behaviour, setting: str
) -> None:
    async with ModelServer(behaviour, says("too late")) as server:
        with pytest.raises(EngineFailed, match=rf"wrote nothing for 0\.1 seconds\. Ask later, or raise {setting}"):
            await text_of(engine(server.url, retries=3, **{setting: 0.1}))
        await asyncio.wait_for(server.left.wait(), 5)
    assert len(server.asked) == 1  # waiting once more would take as long again


async def test_nothing_listens_there(engine: Make, unused_tcp_port: int) -> None:
    with pytest.raises(EngineFailed, match=r"does not answer\. Start it, or correct base_url"):
        await text_of(engine(f"http://user:{KEY}@127.0.0.1:{unused_tcp_port}/v1?key={KEY}"))


async def test_a_password_in_the_address_is_not_shown(engine: Make, unused_tcp_port: int) -> None:
    with pytest.raises(EngineFailed) as caught:
        await text_of(engine(f"http://user:{KEY}@127.0.0.1:{unused_tcp_port}/v1?key={KEY}"))
    assert KEY not in str(caught.value)


async def test_an_adapter_that_the_server_does_not_have_is_named(engine: Make) -> None:
    async with ModelServer(status(404)) as server:
        with pytest.raises(EngineFailed, match="does not know the model 'polite'"):
            async for _ in engine(server.url).stream(GenerationRequest(ASK, adapter="polite")):
                pass


@pytest.mark.parametrize(
    "failing",
    [status(429, headers={"Retry-After": "0"}), status(500), status(503), tears(), tears(chunk("", role="assistant"))],
)
async def test_what_may_be_repeated_is_asked_again(engine: Make, failing: Behaviour) -> None:
    async with ModelServer(failing, says("At last")) as server:
        assert await text_of(engine(server.url, retries=1)) == "At last"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "failing",
    [
        *(status(code) for code in (400, 401, 404, 422)),
        page(),
        status(429, headers={"Retry-After": "3600"}),  # longer than anyone waits
        tears(chunk("half a ")),  # a part of it was shown already
    ],
)
async def test_what_may_not_be_repeated_is_not(engine: Make, failing: Behaviour) -> None:
    async with ModelServer(failing, says("too late")) as server:
        with pytest.raises(EngineFailed):
            await text_of(engine(server.url, retries=3))
    assert len(server.asked) == 1


async def test_the_time_that_a_busy_server_asks_for_is_given_to_it(engine: Make) -> None:
    async with ModelServer(status(429, headers={"Retry-After": "0.7"}), says("Thanks")) as server:
        before = time.monotonic()
        assert await text_of(engine(server.url, retries=1)) == "Thanks"
        assert time.monotonic() - before >= 0.7  # of its own it would have waited for half a second at most


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
