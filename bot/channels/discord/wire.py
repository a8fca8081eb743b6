"""The few calls of Discord's API that a reply needs, through discord.py's own client with its rate limits.

They are made below its message objects: these would keep every view and message that we ever sent in memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from discord.http import HTTPClient, Route

from bot.channels.discord.body import NOBODY

CHANNEL = "/channels/{channel_id}"
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL = "@original"
TYPING = 8  # times a second at most, of the 50 calls that Discord allows


class Wire:
    """Ids come and go as numbers; messages' ids are given as strings. Every call raises what discord.py raises."""

    def __init__(self, http: HTTPClient) -> None:
        self._http = http
        self._typing_from = 0.0  # the loop's time

    async def send(self, channel: int, payload: Mapping[str, Any], file: tuple[str, bytes] | None = None) -> str:
        return await self._posted(Route("POST", f"{CHANNEL}/messages", channel_id=channel), payload, file)

    async def edit(self, channel: int, message: int, payload: Mapping[str, Any]) -> None:
        path = f"{CHANNEL}/messages/{{message_id}}"
        await self._http.request(Route("PATCH", path, channel_id=channel, message_id=message), json=payload)

    async def delete(self, channel: int, message: int) -> None:
        await self._http.delete_message(channel, message)

    async def written(self, channel: int, after: int, author: int) -> list[tuple[str, str]]:
        """What a person or bot wrote in a channel after a snowflake, of the first 100 messages: ids and texts."""
        found = await self._http.logs_from(channel, 100, after=after)
        return [(str(each["id"]), each["content"]) for each in found if int(each["author"]["id"]) == author]

    async def typing(self, channel: int) -> None:
        """Show “typing …”, unless many are shown already: it must not use up what messages need."""
        now = asyncio.get_running_loop().time()
        if now < self._typing_from:
            return
        self._typing_from = now + 1 / TYPING
        await self._http.send_typing(channel)

    async def direct_channel(self, user: int) -> int:
        """The channel of the direct messages with a person."""
        return int((await self._http.start_private_message(user))["id"])

    async def thread(self, channel: int, message: int, name: str) -> int:
        """Open a thread on a message; it has the message's id."""
        path = f"{CHANNEL}/messages/{{message_id}}/threads"
        route = Route("POST", path, channel_id=channel, message_id=message)
        return int((await self._http.request(route, json={"name": name}))["id"])

    async def follow_up(
        self, application: int, token: str, payload: Mapping[str, Any], file: tuple[str, bytes] | None = None
    ) -> str:
        return await self._posted(Route("POST", WEBHOOK, webhook_id=application, webhook_token=token), payload, file)

    async def response(self, application: int, token: str, message: str = ORIGINAL) -> dict[str, Any]:
        """A message of an interaction, as it stands."""
        return dict(await self._http.request(self._of("GET", application, token, message)))

    async def edit_response(self, application: int, token: str, message: str, payload: Mapping[str, Any]) -> str:
        data = await self._http.request(self._of("PATCH", application, token, message), json=payload)
        return str(data["id"])

    async def delete_response(self, application: int, token: str, message: str = ORIGINAL) -> None:
        await self._http.request(self._of("DELETE", application, token, message))

    def _of(self, method: str, application: int, token: str, message: str) -> Route:
        path = f"{WEBHOOK}/messages/{{message_id}}"
        return Route(method, path, webhook_id=application, webhook_token=token, message_id=message)

    async def _posted(self, route: Route, payload: Mapping[str, Any], file: tuple[str, bytes] | None) -> str:
        if file is None:
            data = await self._http.request(route, json=payload, params={"wait": "true"})
        else:
            data = await self._http.request(route, form=_form(payload, *file), params={"wait": "true"})
        return str(data["id"])


def _form(payload: Mapping[str, Any], name: str, content: bytes) -> list[dict[str, Any]]:
    described = {**payload, "attachments": [{"id": 0, "filename": name}], "allowed_mentions": dict(NOBODY)}
    return [
        {"name": "payload_json", "value": json.dumps(described)},
        {"name": "files[0]", "value": content, "filename": name, "content_type": "application/octet-stream"},
    ]
