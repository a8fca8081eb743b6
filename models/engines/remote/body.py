"""The body of a request: what the API takes, and no more, since some servers refuse what they do not know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from models.engines.remote.server import Server
from models.types import ChatMessage, GenerationRequest

_MAX_STOPS = 4  # the API's own limit; all of them are looked for here as well
# Control tokens of the common chat templates. A message is data, and may not end its own turn.
_CONTROL = re.compile(r"<(?=\|[\w-]+\|>|/?s>|(?:start|end)_of_turn>)|\[(?=/?INST\])")


def request_body(server: Server, request: GenerationRequest, max_tokens: int, length_field: str) -> dict[str, Any]:
    """A streamed chat completion. `length_field` is `max_tokens`, or what newer hosted models want in its place."""
    body: dict[str, Any] = {
        "model": server.model,
        "messages": plain_messages(request.messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": request.temperature,
        length_field: max_tokens,
    }
    if request.top_p < 1.0 and request.temperature > 0:
        body["top_p"] = request.top_p
    if request.repetition_penalty != 1.0:
        # The API has no factor; an amount that is taken off the score of words said before is its nearest kin.
        body["frequency_penalty"] = min(max(request.repetition_penalty - 1.0, -2.0), 2.0)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop[:_MAX_STOPS])
    if request.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(request.schema), "strict": True},
        }
    return with_extra(server, body)


def plain_messages(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Messages as the API takes them: sound Unicode, control tokens broken up."""
    return [{"role": message.role, "content": _disarm(message.content)} for message in messages]


def with_extra(server: Server, body: dict[str, Any]) -> dict[str, Any]:
    """Add what the operator sends along; where there is no key, see to it that the library sends none."""
    added: dict[str, Any] = {"extra_body": dict(server.extra)} if server.extra else {}
    if not server.key:
        from openai import omit

        added["extra_headers"] = {"Authorization": omit}
    return {**body, **added}


def _disarm(text: str) -> str:
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(lambda match: f"{match[0]} ", sound)
