"""A REST call as it was made, and what it is answered with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.support.discord_server.basics import ApiError, Json, snowflake

PREFIX = "/api/v10"


@dataclass(frozen=True)
class File:
    """An uploaded file."""

    name: str
    data: bytes


@dataclass
class Call:
    """One call: `route` is its path with {names}, `at` the loop's time, `status` the answer's (0: cut off)."""

    method: str
    path: str
    route: str
    names: dict[str, str]
    query: dict[str, str]
    body: Any
    files: dict[int, File]
    at: float
    authorisation: str = ""
    status: int = 0
    answer: Any = None

    def id(self, name: str) -> int:
        return snowflake(self.names[name], name)

    @property
    def json(self) -> Json:
        """The body as an object; 50109 for anything else."""
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.body

    @property
    def major(self) -> str:
        """The main ids that Discord counts limits by."""
        kinds = ("channel_id", "guild_id", "application_id", "token")
        return "+".join(self.names[kind] for kind in kinds if kind in self.names)


@dataclass
class Reply:
    """An answer; data None is an empty one."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


async def read_call(request: web.Request, at: float) -> Call:
    """Read a request to its end, JSON or multipart with payload_json."""
    resource = request.match_info.route.resource
    route = resource.canonical.removeprefix(PREFIX) if resource is not None else ""
    body, files = await _read_body(request)
    return Call(
        request.method,
        request.path.removeprefix(PREFIX),
        route,
        dict(request.match_info),
        dict(request.query),
        body,
        files,
        at,
        request.headers.get("Authorization", ""),
    )


async def _read_body(request: web.Request) -> tuple[Any, dict[int, File]]:
    if not request.can_read_body:
        return {}, {}
    if request.content_type != "multipart/form-data":
        return _loads(await request.text()), {}
    body: Any = {}
    files: dict[int, File] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name = part.name or ""
        if name == "payload_json":
            body = _loads(await part.text())
        elif name.startswith("files["):
            index = int(name.removeprefix("files[").removesuffix("]"))
            files[index] = File(part.filename or "unknown", bytes(await part.read()))
    return body, files


def _loads(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return None
