"""Walks the tree of settings by name, and says in words what a setting allows."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_NOUNS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def group_of(field: FieldInfo) -> type[BaseModel] | None:
    """The group that a field holds, or None if it holds a value."""
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The group of which a field holds several, each by a name of the person's own (`models.servers`), or None."""
    arguments = get_args(field.annotation)
    held = arguments[1] if get_origin(field.annotation) is dict else None
    return held if isinstance(held, type) and issubclass(held, BaseModel) else None


def field_at(model: type[BaseModel], location: tuple[str, ...]) -> FieldInfo | None:
    """The field at a place such as ("models", "device"), a group's included, or None."""
    name, *rest = location
    field = model.model_fields.get(name)
    if field is None or not rest or _is_index(field, rest):
        return field
    table = table_of(field)
    if table:
        return field_at(table, tuple(rest[1:])) if rest[1:] else field
    group = group_of(field)
    return field_at(group, tuple(rest)) if group else None


def _is_index(field: FieldInfo, rest: list[str]) -> bool:
    """Whether what follows is the place of one value in a list."""
    return get_origin(field.annotation) is list and len(rest) == 1 and rest[0].isdigit()


def group_at(model: type[BaseModel], location: tuple[str, ...]) -> type[BaseModel] | None:
    """The group at a place; the root for the empty place."""
    if not location:
        return model
    name, *rest = location
    field = model.model_fields.get(name)
    if field is None:
        return None
    table = table_of(field)
    if table:
        return group_at(table, tuple(rest[1:]))
    group = group_of(field)
    return group_at(group, tuple(rest)) if group else None


def leaves(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting with its place, in the order of the tree."""
    for name, field in model.model_fields.items():
        group = group_of(field)
        if group:
            yield from leaves(group, (*at, name))
        else:
            yield (*at, name), field


def allowed(field: FieldInfo) -> str:
    """What a setting takes, in words: "auto, cpu or cuda", "a whole number from 1 to 50"."""
    noun, metadata = _describe(field.annotation, list(field.metadata))
    return noun + _bounds(metadata)


def _describe(annotation: object, metadata: list[object]) -> tuple[str, list[object]]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _describe(arguments[0], [*metadata, *_flat(arguments[1:])])
    if origin is list:
        noun, _ = _describe(arguments[0], [])
        return f"a list, each {noun}", []
    if origin is dict:
        return "a table", []
    if origin in (Union, UnionType):
        return _describe(next(part for part in arguments if part is not type(None)), metadata)
    if origin is Literal:
        *first, last = (str(choice) for choice in arguments)
        return (f"{', '.join(first)} or {last}" if first else last), metadata
    pattern = next((item.pattern for item in metadata if getattr(item, "pattern", None)), None)  # type: ignore[attr-defined]
    if pattern:
        return (
            "auto or a code" if "auto" in pattern else "a code"
        ) + " of two or three letters such as en or zh", metadata
    return _NOUNS.get(annotation, "a path"), metadata  # type: ignore[call-overload]


def _flat(metadata: tuple[object, ...]) -> Iterator[object]:
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def _bounds(metadata: list[object]) -> str:
    low = next((f"{item.ge:g}" for item in metadata if isinstance(item, Ge)), None)
    above = next((f"{item.gt:g}" for item in metadata if isinstance(item, Gt)), None)
    high = next((f"{item.le:g}" for item in metadata if isinstance(item, Le)), None)
    below = next((f"{item.lt:g}" for item in metadata if isinstance(item, Lt)), None)
    parts = [
        f"from {low}" if low else f"above {above}" if above else "",
        f"to {high}" if high else f"below {below}" if below else "",
        "that is not empty" if any(isinstance(item, MinLen) and item.min_length for item in metadata) else "",
    ]
    return "".join(f" {part}" for part in parts if part)
