"""A call of a bot, read from a query string, a form, JSON or multipart into one shape."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.support.telegram_server.errors import ApiError, bad_request

# Parameters that hold JSON, which forms and multipart carry as text.
_JSON = frozenset(
    [
        "entities",
        "caption_entities",
        "reply_markup",
        "reply_parameters",
        "link_preview_options",
        "allowed_updates",
        "commands",
        "scope",
        "reaction",
        "results",
        "button",
        "message_ids",
    ]
)
_INTEGERS = frozenset(
    [
        "chat_id",
        "message_id",
        "message_thread_id",
        "offset",
        "limit",
        "timeout",
        "user_id",
        "draft_id",
        "max_connections",
        "cache_time",
    ]
)
_FLAGS = frozenset(
    [
        "disable_notification",
        "protect_content",
        "drop_pending_updates",
        "show_alert",
        "is_big",
        "is_personal",
        "allow_sending_without_reply",
        "disable_content_type_detection",
    ]
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    data: bytes = field(repr=False)
    mime: str = "application/octet-stream"


@dataclass(slots=True)
class Call:
    """A method that the bot called.

    Attributes:
        params: by name; JSON, integers and booleans already read, whatever body carried them.
        at: loop time at which it came, in seconds.
        body: ``query``, ``form``, ``json`` or ``multipart``.
        done_at: loop time at which it was answered; None while it is not.
        error: the refusal that it was answered with.
        lost: no reply was sent, the connection was cut.
    """

    method: str
    params: dict[str, Any]
    at: float
    body: str = "form"
    files: dict[str, Upload] = field(default_factory=dict)
    done_at: float | None = None
    result: Any = None
    error: ApiError | None = None
    lost: bool = False

    @property
    def chat_id(self) -> int | None:
        """The chat that it names by number, or None."""
        value = self.params.get("chat_id")
        return value if isinstance(value, int) else None


def _integer(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        if text.lstrip("-").isdecimal():
            return int(text)
    return value


def _read(name: str, value: Any) -> Any:
    if name in _JSON and isinstance(value, str):
        try:
            return json.loads(value) if value else None
        except ValueError as error:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error
    if name in _INTEGERS:
        return _integer(value)
    if name in _FLAGS and isinstance(value, str):
        return value.lower() in ("true", "1", "yes")
    return value


async def _multipart(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytes(await part.read(decode=True))
        if part.filename is None:
            fields[part.name] = data.decode()
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Upload(part.filename, data, mime)
    return fields, files


async def read_call(request: web.Request, method: str, at: float) -> Call:
    """The call that a request makes.

    Raises:
        ApiError: 400, where the body or a JSON parameter cannot be read.
    """
    fields: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    kind = request.content_type
    body = "query"
    if kind == "application/json":
        body = "json"
        try:
            given = await request.json()
        except ValueError as error:
            raise bad_request("can't parse JSON object") from error
        if not isinstance(given, dict):
            raise bad_request("object expected")
        fields |= given
    elif kind == "multipart/form-data":
        body = "multipart"
        more, files = await _multipart(request)
        fields |= more
    elif request.can_read_body:
        body = "form"
        fields |= dict(await request.post())
    params = {name: _read(name, value) for name, value in fields.items() if value is not None}
    return Call(method, params, at, body, files)
