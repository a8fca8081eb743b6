"""Each update is taken in once, also beside a file that is still coming."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.channels.telegram.polling import Polling
from bot.channels.telegram.timing import Timing


class Server:
    """Gives updates from the offset on, as Telegram does; the file comes while it is asked the second time."""

    url = ""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = [
            {"update_id": 1, "message": {"document": {}}},
            {"update_id": 2, "message": {"text": "/stop"}},
        ]
        self.file, self.enough = asyncio.Event(), asyncio.Event()
        self.calls: list[int | None] = []

    async def get_webhook_info(self) -> Server:
        return self

    async def raw_updates(self, offset: int | None, wait: float, allowed: tuple[str, ...]) -> list[dict[str, Any]]:
        self.calls.append(offset)
        found = [update for update in self.updates if update["update_id"] >= (offset or 0)]
        if len(self.calls) == 2:
            self.file.set()
        if len(self.calls) == 4:
            self.enough.set()
        await asyncio.sleep(0.01)
        return found


async def test_nothing_is_taken_twice_where_the_file_comes_while_telegram_is_asked() -> None:
    server, taken = Server(), list[int]()

    async def take_in(update: dict[str, Any]) -> None:
        taken.append(update["update_id"])
        if update["update_id"] == 1:
            await server.file.wait()

    polling = Polling(cast(Any, server), take_in, Timing(slow_pause=0.0), print)
    running = asyncio.create_task(polling.run(lambda: None))
    await server.enough.wait()
    running.cancel()
    await asyncio.wait([running])
    assert sorted(taken) == [1, 2]
    assert server.calls[:4] == [None, 1, 3, 3]
