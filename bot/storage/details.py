"""What storage keeps as JSON: a turn's origin, and of a reply what a conversation does not need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from bot.domain import Choice, File, Message, Origin, Reply, Role
from bot.storage.text import checked

_PLAIN = asdict(Origin())


def to_json(value: object) -> str:
    """JSON, compact, in UTF-8. Raises InvalidInput for half a character (see `bot.storage.text.checked`)."""
    return checked(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def origin_values(origin: Origin) -> dict[str, object]:
    """What differs from a plain origin; `message_id` has a column of its own."""
    values = asdict(replace(origin, address=dict(origin.address)))
    return {name: value for name, value in values.items() if name != "message_id" and value != _PLAIN[name]}


def origin_of(values: Mapping[str, Any], message_id: str) -> Origin:
    """The origin that `origin_values` took apart."""
    files = tuple(File(**file) for file in values.get("files", ()))
    return Origin(**{**values, "files": files, "message_id": message_id})


def reply_details(reply: Reply) -> dict[str, object]:
    """All of a reply that has no column of its own, but for its attachment and data, which are not kept."""
    return {
        "notice": reply.notice,
        "suggestions": list(reply.suggestions),
        "choices": [[choice.label, choice.text] for choice in reply.choices],
        "private": reply.private,
        "model": reply.model,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "timings_ms": dict(reply.timings_ms),
    }


def reply_of(message: Message, details: Mapping[str, Any]) -> Reply | None:
    """The reply that a message and its details were made of; None for the text of a turn that was broken off."""
    if message.outcome is None:
        return None
    return Reply(
        text=message.text,
        skill=message.skill,
        outcome=message.outcome,
        language=message.language,
        citations=message.citations,
        suggestions=tuple(details.get("suggestions", ())),
        choices=tuple(Choice(label, text) for label, text in details.get("choices", ())),
        private=details.get("private", False),
        notice=details.get("notice", ""),
        timings_ms=dict(details.get("timings_ms", {})),
        model=details.get("model"),
        prompt_tokens=details.get("prompt_tokens", 0),
        completion_tokens=details.get("completion_tokens", 0),
    )


def message_of(reply: Reply, turn_id: int, now: datetime) -> Message:
    """The message that a reply makes, before it has an id."""
    return Message(
        role=Role.ASSISTANT,
        text=reply.text,
        created_at=now,
        turn_id=turn_id,
        language=reply.language,
        skill=reply.skill,
        outcome=reply.outcome,
        citations=tuple(reply.citations),
    )
