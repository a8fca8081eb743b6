"""Rows whose right answers are known, from files: labelled texts, and texts with their translations.

{"text": "I love it.", "label": "positive", "language": "en"}         # JSONL; `language` may be left out
{"text": "Good morning.", "target": "早上好。"}                        # or `source` and `reference`
Good morning.<TAB>早上好。                                              # TSV
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from models.errors import InvalidRows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its right label; `language` is empty where the file does not say it. `place` names file and line."""

    text: str
    label: str
    language: str = ""
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Translated:
    """A text with a translation by a person; the languages are empty where the file does not say them."""

    text: str
    reference: str
    source: str = ""
    target: str = ""


def read_labelled(path: Path) -> list[Labelled]:
    """Read labelled texts from JSONL, or from TSV (text, tab, label). Raises InvalidRows with the line."""
    return _read(path, _labelled_of_json, lambda cells, place: Labelled(*_two(cells, place, "a label"), place=place))


def read_translated(path: Path) -> list[Translated]:
    """Read texts with translations from JSONL, or from TSV (source, tab, target). Raises InvalidRows with the line."""
    return _read(path, _translated_of_json, lambda cells, place: Translated(*_two(cells, place, "its translation")))


def examples_by_label(rows: Sequence[Labelled]) -> dict[str, list[str]]:
    """Texts by their label, in the file's order."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.label, []).append(row.text)
    return found


def _read(path: Path, of_json: Callable[[dict[str, Any], str], T], of_cells: Callable[[list[str], str], T]) -> list[T]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidRows(f"{path} cannot be opened ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise InvalidRows(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    tsv = path.suffix.lower() in {".tsv", ".tab"} or not content.lstrip().startswith("{")
    rows = [
        of_cells(line.split("\t"), place) if tsv else of_json(_object(line, place), place)
        for line, place in _lines(content, path.name)
    ]
    if not rows:
        raise InvalidRows(f"{path} has no rows; write one a line, as JSON or with a tab between the two texts.")
    return rows


def _lines(content: str, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield line.removesuffix("\r"), f"{name}, line {number}"


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRows(f"{place}: this is not valid JSON.") from error
    if not isinstance(row, dict):
        raise InvalidRows(f"{place}: this is no JSON object.")
    return row


def _labelled_of_json(row: dict[str, Any], place: str) -> Labelled:
    text, label = _text(row, ("text",), place), _text(row, ("label",), place)
    return Labelled(text, label, _optional(row, "language", place), place)


def _translated_of_json(row: dict[str, Any], place: str) -> Translated:
    return Translated(
        _text(row, ("text", "source"), place),
        _text(row, ("reference", "target", "translation"), place),
        _optional(row, "source_language", place) or _optional(row, "from", place),
        _optional(row, "target_language", place) or _optional(row, "to", place),
    )


def _text(row: dict[str, Any], names: Sequence[str], place: str) -> str:
    value = next((row[name] for name in names if name in row), None)
    if not isinstance(value, str) or not value.strip():
        wanted = " or ".join(f"`{name}`" for name in names)
        raise InvalidRows(f"{place}: the field {wanted} is missing or is no text.")
    return value.strip()


def _optional(row: dict[str, Any], name: str, place: str) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str):
        raise InvalidRows(f"{place}: the field `{name}` is no text.")
    return value


def _two(cells: list[str], place: str, second: str) -> tuple[str, str]:
    if len(cells) != 2 or not all(cell.strip() for cell in cells):
        raise InvalidRows(f"{place}: write a text, one tab, and {second}.")
    return cells[0].strip(), cells[1].strip()
