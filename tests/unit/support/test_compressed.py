"""The loop with compressed time: sleeps, timeouts and order."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.compressed import run_compressed


def test_an_hour_passes_in_a_moment_and_in_order() -> None:
    order: list[int] = []

    async def nap(seconds: float, name: int) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    async def both() -> float:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.gather(nap(3600, 2), nap(1800, 1))
        return loop.time() - before

    passed = run_compressed(both(), 100_000)
    assert order == [1, 2]
    assert passed >= 3600


def test_a_timeout_comes_in_compressed_time() -> None:
    async def wait() -> None:
        async with asyncio.timeout(600):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_compressed(wait(), 100_000)
