"""The limits of messages, embeds, components and modals, refused with error 50035 as Discord does."""

from __future__ import annotations

from typing import Any

from .basics import ApiError, Json, invalid_form
from .messages import COMPONENTS_V2, walk

CONTENT_LIMIT = 2000
EMBEDS_TOTAL = 6000
_EMBED = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}


def too_long(where: str, limit: int) -> ApiError:
    return invalid_form(where, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _length(value: Any, limit: int, where: str) -> int:
    size = len(value or "")
    if size > limit:
        raise too_long(where, limit)
    return size


def check_message(body: Json) -> None:
    """Raise ApiError when Discord would refuse these fields of a message."""
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid_form("content", "STRING_TYPE_CONVERT", "Could not interpret value as string.")
    _length(content, CONTENT_LIMIT, "content")
    flags = body.get("flags") or 0
    if flags & COMPONENTS_V2 and (content or body.get("embeds")):
        raise invalid_form("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Cannot be used here.")
    _check_embeds(body.get("embeds") or [])
    check_components(body.get("components") or [], v2=bool(flags & COMPONENTS_V2))
    _check_mentions(body.get("allowed_mentions"))
    nonce = body.get("nonce")
    if nonce is not None:
        _length(str(nonce), 25, "nonce")


def check_not_empty(body: Json, files: int) -> None:
    shown = ("content", "embeds", "components", "sticker_ids", "poll")
    if not any(body.get(name) for name in shown) and not files:
        raise ApiError(400, 50006, "Cannot send an empty message")
    if body.get("content") and not str(body["content"]).strip() and not files and not body.get("embeds"):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > 10:
        raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    total = 0
    for index, embed in enumerate(embeds):
        total += _check_embed(embed, f"embeds.{index}")
    if total > EMBEDS_TOTAL:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(embed: Json, where: str) -> int:
    size = 0
    for path, limit in _EMBED.items():
        name, _, inner = path.partition(".")
        value = (embed.get(name) or {}).get(inner) if inner else embed.get(name)
        size += _length(value, limit, f"{where}.{path}")
    fields = embed.get("fields") or []
    if len(fields) > 25:
        raise invalid_form(f"{where}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, one in enumerate(fields):
        for name, limit in (("name", 256), ("value", 1024)):
            if not one.get(name):
                raise required(f"{where}.fields.{index}.{name}")
            size += _length(one[name], limit, f"{where}.fields.{index}.{name}")
    return size


def required(where: str) -> ApiError:
    return invalid_form(where, "BASE_TYPE_REQUIRED", "This field is required")


def check_components(components: list[Json], *, v2: bool = False) -> None:
    if not v2:
        if len(components) > 5:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        if any(row.get("type") != 1 for row in components):
            raise invalid_form("components.0", "UNION_TYPE_CHOICES", "Value of field type must be one of (1,).")
    parts = list(walk(components))
    if len(parts) > 40 and v2:
        raise invalid_form("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "At most 40 components.")
    ids = [part["custom_id"] for part in parts if "custom_id" in part]
    if len(ids) != len(set(ids)):
        raise invalid_form("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    for index, part in enumerate(parts):
        _check_part(part, f"components.{index}")


def _check_part(part: Json, where: str) -> None:
    _length(part.get("custom_id"), 100, f"{where}.custom_id")
    _length(part.get("placeholder"), 150, f"{where}.placeholder")
    if part["type"] == 1 and not 1 <= len(part.get("components", [])) <= 5:
        raise invalid_form(f"{where}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if part["type"] == 2:
        _check_button(part, where)
    if part["type"] == 3:
        _check_options(part.get("options") or [], f"{where}.options")


def _check_button(part: Json, where: str) -> None:
    _length(part.get("label"), 80, f"{where}.label")
    is_link = part.get("style") == 5
    if is_link != ("url" in part) or is_link == ("custom_id" in part):
        raise required(f"{where}.url" if is_link else f"{where}.custom_id")
    if not part.get("label") and not part.get("emoji"):
        raise required(f"{where}.label")


def _check_options(options: list[Json], where: str) -> None:
    if not 1 <= len(options) <= 25:
        raise invalid_form(where, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    values = [option["value"] for option in options]
    if len(values) != len(set(values)):
        raise invalid_form(where, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is used.")
    for index, option in enumerate(options):
        for name in ("label", "value", "description"):
            _length(option.get(name), 100, f"{where}.{index}.{name}")


def _check_mentions(allowed: Json | None) -> None:
    for kind in ("users", "roles"):
        listed = (allowed or {}).get(kind) or []
        if len(listed) > 100:
            raise too_long(f"allowed_mentions.{kind}", 100)
        if listed and kind in (allowed or {}).get("parse", []):
            where = f"allowed_mentions.parse.{kind}"
            raise invalid_form(where, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "Mutually exclusive with the list.")


def check_modal(data: Json) -> None:
    """A modal: title, custom id, and one to five rows."""
    for name, limit in (("title", 45), ("custom_id", 100)):
        if not data.get(name):
            raise required(f"data.{name}")
        _length(data[name], limit, f"data.{name}")
    rows = data.get("components") or []
    if not 1 <= len(rows) <= 5:
        raise invalid_form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for part in walk(rows):
        if part["type"] in (4, 18):
            _length(part.get("label"), 45, "data.components.0.label")


def check_choices(data: Json) -> None:
    """Autocomplete choices: up to 25, with names and texts of up to 100 characters."""
    choices = data.get("choices") or []
    if len(choices) > 25:
        raise too_long("data.choices", 25)
    for index, choice in enumerate(choices):
        for name in ("name", "value"):
            if isinstance(choice.get(name), str):
                _length(choice[name], 100, f"data.choices.{index}.{name}")
        if not choice.get("name"):
            raise required(f"data.choices.{index}.name")
