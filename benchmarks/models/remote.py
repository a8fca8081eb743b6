"""What Parley's engine for servers adds to the bare `openai` library: tokens a second, and until the first token.

python -m benchmarks.models.remote [--rounds 7] [--tokens 1000]

The server is a process of its own that sends its chunks as fast as it can, so that nothing but the client is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import time
from contextlib import aclosing
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.models.harness import ratio, save, summary, surroundings, table
from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server
from models.types import ChatMessage, GenerationRequest, TextChunk

MODEL = "endless"


def serve(tell: Connection) -> None:
    """Answer every chat completion with as many one-word chunks as `max_tokens` asks for."""
    from aiohttp import web

    def event(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": [choice]}
        return f"data: {json.dumps(chunk)}\n\n".encode()

    async def write(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(body["max_tokens"]):
            await response.write(event({"content": " word"}))
        await response.write(event({}, "length") + b"data: [DONE]\n\n")
        return response

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", write)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tell.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


async def measure(url: str, tokens: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds to the first token and in all, for both, in turn."""
    from openai import AsyncOpenAI

    bare = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    ours = RemoteGenerator(Server("bench", (url,), MODEL))

    async def by_library() -> tuple[float, float]:
        start, first = time.perf_counter(), 0.0
        stream = await bare.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=tokens, temperature=0, stream=True
        )
        async for chunk in stream:
            if chunk.choices[0].delta.content and not first:
                first = time.perf_counter() - start
        return first, time.perf_counter() - start

    async def by_engine() -> tuple[float, float]:
        start, first = time.perf_counter(), 0.0
        request = GenerationRequest((ChatMessage("user", "Hello"),), max_new_tokens=tokens)
        async with aclosing(ours.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextChunk) and not first:
                    first = time.perf_counter() - start
        return first, time.perf_counter() - start

    found: dict[str, dict[str, list[float]]] = {}
    for turn in range(rounds + 1):  # the first one warms up
        for name, run in {"openai": by_library, "ours": by_engine}.items():
            first, whole = await run()
            if turn:
                kept = found.setdefault(name, {"first_token_s": [], "tokens_per_s": []})
                kept["first_token_s"].append(first)
                kept["tokens_per_s"].append(tokens / whole)
    await bare.close()
    await ours.close()
    return found


def main() -> None:
    """Measure, print a table, and write benchmarks/results/remote.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=1000)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        found = asyncio.run(measure(f"http://127.0.0.1:{here.recv()}/v1", options.tokens, options.rounds))
    finally:
        server.terminate()
    ours, bare = found["ours"], found["openai"]
    result: dict[str, Any] = {
        "what": f"{options.tokens} tokens from a server on this machine that sends them as fast as it can",
        "on": surroundings(1) | {"openai": version("openai")},
        **{name: {figure: summary(values) for figure, values in kept.items()} for name, kept in found.items()},
        "tokens_ratio": ratio(ours["tokens_per_s"], bare["tokens_per_s"]),
        "first_token_ratio": ratio(ours["first_token_s"], bare["first_token_s"]),
    }
    rows = [["client", "first token ms", "tokens/s"]]
    for name, kept in found.items():
        first, rate = summary(kept["first_token_s"])["median"], summary(kept["tokens_per_s"])["median"]
        rows.append([name, f"{first * 1e3:.1f}", f"{rate:.0f}"])
    print(table(rows))
    print({key: result[key] for key in ("tokens_ratio", "first_token_ratio")})
    print("written to", save("remote", result).name)


if __name__ == "__main__":
    main()
