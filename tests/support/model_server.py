"""A real server on this machine that speaks the OpenAI API, and misbehaves by script.

async with ModelServer(says("Hello there"), status(500)) as server:
    server.url        # http://127.0.0.1:PORT/v1
    server.asked      # the bodies of the requests, in order
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from aiohttp import web

Behaviour = Callable[["ModelServer", web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
KEY = "sk-secret-of-the-test-0123456789"


class ModelServer:
    """Each request gets the next behaviour of the script, and the last one ever after."""

    def __init__(self, *script: Behaviour, models: Sequence[Mapping[str, Any]] = ()) -> None:
        self._script = list(script)
        self._models = [dict(model) for model in models]
        self.asked: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.here = 0  # requests that are being answered
        self.most = 0
        self.came = asyncio.Event()  # a request
        self.left = asyncio.Event()  # a client closed the connection before the end
        self.go_on = asyncio.Event()  # for behaviours that wait
        self.url = ""

    def becomes(self, behaviour: Behaviour) -> None:
        """From now on it behaves like this."""
        self._script = [behaviour]

    async def __aenter__(self) -> ModelServer:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._post)
        app.router.add_post("/v1/embeddings", self._post)
        app.router.add_get("/v1/models", self._list)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        behaviour = self._script[min(len(self.asked), len(self._script) - 1)]
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        self.came.set()
        self.here += 1
        self.most = max(self.most, self.here)
        try:
            return await behaviour(self, request, body)
        except asyncio.CancelledError:
            self.left.set()
            raise
        finally:
            self.here -= 1

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": self._models})


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta: dict[str, Any] = {} if text is None else {"content": text}
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "delta": delta | more, "finish_reason": finish}],
    }


def usage(prompt: int, completion: int, cached: int = 0) -> dict[str, Any]:
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {**chunk(), "choices": [], "usage": {**counts, "prompt_tokens_details": {"cached_tokens": cached}}}


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response


async def _send(response: web.StreamResponse, event: Any) -> None:
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    await response.write(f"data: {data}\n\n".encode())


def streams(*events: Any, done: bool = True) -> Behaviour:
    """Send these chunks (or raw lines), then [DONE]."""

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await _begin(request)
        for event in (*events, *(("[DONE]",) if done else ())):
            await _send(response, event)
        return response

    return behave


def says(text: str, finish: str = "stop", counts: tuple[int, int] | None = (7, 3)) -> Behaviour:
    """Send a text word by word."""
    words = [word for part in text.split(" ") for word in (" ", part)][1:]
    return streams(*map(chunk, words), chunk(finish=finish), *((usage(*counts),) if counts else ()))


def pauses(*events: Any, then: Sequence[Any] = ()) -> Behaviour:
    """Send these chunks, then nothing until `go_on` is set; then the rest."""

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await _begin(request)
        for event in events:
            await _send(response, event)
        await server.go_on.wait()
        for event in then:
            await _send(response, event)
        return response

    return behave


def hangs() -> Behaviour:
    """Take the request and say nothing, not even a header."""

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await server.go_on.wait()
        return web.Response()

    return behave


def tears(*events: Any) -> Behaviour:
    """Send these chunks, then break the connection."""

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await _begin(request)
        for event in events:
            await _send(response, event)
        if request.transport is not None:
            request.transport.abort()
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response

    return behave


def status(code: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Behaviour:
    async def behave(server: ModelServer, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(body or {"error": {"message": "no"}}, status=code, headers=headers)

    return behave


def page(text: str = "<html><body>It works!</body></html>", kind: str = "text/html") -> Behaviour:
    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(text=text, content_type=kind)

    return behave


def replies(make: Callable[[dict[str, Any]], Any]) -> Behaviour:
    """Answer with JSON that is made from the request."""

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(make(body))

    return behave


@contextmanager
def in_thread(server: ModelServer) -> Iterator[ModelServer]:
    """Run the server in a thread of its own, for commands that have no event loop yet."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="model-server")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        yield server
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def both(writes: Behaviour, dimension: int = 8) -> Behaviour:
    """Write for chat completions; for embeddings, count words: texts with the same words are near each other."""

    def vector(text: str) -> list[float]:
        row = [0.1] * dimension
        for word in text.lower().split():
            row[zlib.crc32(word.strip(".,?!").encode()) % dimension] += 1.0
        return row

    async def behave(server: ModelServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if "input" not in body:
            return await writes(server, request, body)
        rows = [{"index": index, "embedding": vector(text)} for index, text in enumerate(body["input"])]
        return web.json_response({"object": "list", "data": rows})

    return behave
