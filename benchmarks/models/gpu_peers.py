"""Who is measured: our engine and `transformers serve` as streams, and plain `generate` in static batches."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from models.engines.paged.engine import PagedGenerator
from models.types import ChatMessage, Finished, GenerationRequest, TextChunk

Stream = Callable[[str, int], AsyncIterator[None]]
"""Writes so many tokens after a text; yields at each piece."""

_PATIENCE = 300.0  # seconds for a server to import and load


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the request to its first piece of text, and to its end."""

    first: float
    total: float


def ours(engine: PagedGenerator) -> Stream:
    """Our engine."""

    async def stream(text: str, new: int) -> AsyncIterator[None]:
        request = GenerationRequest((ChatMessage("user", text),), max_new_tokens=new)
        async for event in engine.stream(request):
            if isinstance(event, TextChunk):
                yield
            if isinstance(event, Finished):
                assert event.completion_tokens == new, event

    return stream


def served(url: str, model: str) -> Stream:
    """A server with the OpenAI API."""
    import httpx

    client = httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=None))

    async def stream(text: str, new: int) -> AsyncIterator[None]:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": text}],
            "stream": True,
            "max_tokens": new,
            "temperature": 0,
        }
        async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line.removeprefix("data: ")).get("choices") or [{}]
                    piece = choices[0].get("delta", {}).get("content")
                    if piece and text[:16] not in piece:  # transformers 5.23 sends the prompt back first
                        yield

    return stream


async def timed(stream: Stream, text: str, new: int, started: asyncio.Event | None = None) -> Timing:
    """Write one text. `started` is set at its first piece."""
    begin = time.perf_counter()
    first = 0.0
    async for _ in stream(text, new):
        first = first or time.perf_counter() - begin
        if started is not None:
            started.set()
    return Timing(first, time.perf_counter() - begin)


def generate(model: Any, rows: Sequence[Sequence[int]], new: int) -> float:
    """Give the seconds that plain `generate` takes for one padded batch."""
    import torch

    width = max(map(len, rows))
    inputs = torch.tensor([[0] * (width - len(row)) + list(row) for row in rows], device=model.device)
    begin = time.perf_counter()
    mask = torch.ones_like(inputs)
    with torch.inference_mode():
        model.generate(input_ids=inputs, attention_mask=mask, max_new_tokens=new, do_sample=False, pad_token_id=0)
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


@contextmanager
def transformers_serve(folder: Path, device: str, extra: Sequence[str] = ()) -> Iterator[str]:
    """Serve a folder with continuous batching on this machine's loopback; gives the base URL.

    Raises RuntimeError with the end of its log where it does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder), "--continuous-batching"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", device, "--dtype", "bfloat16", *extra]
    log = folder.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(log.read_text("utf-8", "replace")[-500:])
