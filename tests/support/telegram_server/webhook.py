"""The webhook: updates are posted until the bot says 200, in order for each chat, side by side for several."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import aiohttp

from tests.support.telegram_server.world import Hook, World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


def chat_of(update: dict[str, Any]) -> object:
    """What must stay in order: the chat, else the person, else the update stands alone."""
    for payload in update.values():
        if isinstance(payload, dict):
            message = payload if "chat" in payload else payload.get("message", {})
            whose = message.get("chat") or payload.get("from")
            if isinstance(whose, dict) and "id" in whose:
                return whose["id"]
    return ("update", update["update_id"])


class Pusher:
    """Posts what is pending to the webhook that is set. Pauses between tries are loop time and double."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._busy: dict[object, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Post until cancelled."""
        try:
            async with aiohttp.ClientSession() as session:
                await self._run(session)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _run(self, session: aiohttp.ClientSession) -> None:
        while True:
            hook = self._world.hook
            if hook.url:
                for update in self._world.updates.pending:
                    whose = chat_of(update)
                    if whose not in self._busy and len(self._busy) < hook.max_connections:
                        task = asyncio.create_task(self._deliver(session, hook, update))
                        self._busy[whose] = task
                        task.add_done_callback(partial(self._ended, whose))
            await self._world.bell.next()

    def _ended(self, whose: object, task: asyncio.Task[None]) -> None:
        self._busy.pop(whose, None)
        self._world.bell.ring()

    async def _deliver(self, session: aiohttp.ClientSession, hook: Hook, update: dict[str, Any]) -> None:
        pause = FIRST_PAUSE
        while self._world.hook is hook and update in self._world.updates.pending:
            problem = await self._post(session, hook, update)
            if problem is None:
                self._world.updates.drop(update["update_id"])
                return
            hook.last_error, hook.last_error_date = problem, self._world.clock.date()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _post(self, session: aiohttp.ClientSession, hook: Hook, update: dict[str, Any]) -> str | None:
        headers = {SECRET_HEADER: hook.secret} if hook.secret is not None else {}
        try:
            async with session.post(hook.url, json=update, headers=headers) as response:
                if response.status < 300:
                    return None
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"Connection failed: {type(error).__name__}"
