"""FAQ files: YAML, JSON lines and CSV with the fields id, question, wordings, answer, tags, language, url.

Only question and answer are needed. A row that cannot be used is refused with its line; the others are kept.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from retrieval.errors import UnreadableDocument
from retrieval.language import detect
from retrieval.readers.common import digest
from retrieval.readers.decode import clean
from retrieval.types import Document, DocumentKind

Result = tuple[list[Document], list[UnreadableDocument]]
Row = tuple[int, object]  # the line that it begins on, from 1, and what it holds

_WORDINGS = ("wordings", "alternatives", "questions", "other wordings", "other_wordings")
_LINE = "__line__"
_FIELDS = ("question", "answer", *_WORDINGS, "id", "language", "tags", "url")
_SHARED = ("entries", "language", "tags")


class _Loader(yaml.SafeLoader):
    """A safe loader that notes on which line each mapping begins."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[object, object]:
    values = loader.construct_mapping(node, deep=True)
    return {**values, _LINE: node.start_mark.line + 1}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
# Dates, `no` and numbers stay as they are written: they are words of an FAQ, not data.
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(source: str, content: str, language: str) -> Result:
    """A list of entries, or a mapping with `entries` and what they share (`language`, `tags`)."""
    try:
        data = yaml.load(content, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        line = mark.line + 1 if mark else None
        raise UnreadableDocument("bad-yaml", source=source, line=line, problem=problem) from error
    except RecursionError as error:
        raise UnreadableDocument("deep-yaml", source=source) from error
    shared: Mapping[Any, Any] = {}
    if isinstance(data, dict) and "entries" in data:
        shared, data = data, data["entries"]
        _check_fields(shared, _SHARED, source, 1)
    if not isinstance(data, list):
        raise UnreadableDocument("no-list", source=source)
    rows = [(item.get(_LINE, 0) if isinstance(item, dict) else 0, item) for item in data]
    return _documents(source, rows, language, shared)


def read_jsonl(source: str, content: str, language: str) -> Result:
    """One JSON object a line. Raises UnreadableDocument with the line of what is no JSON."""
    rows: list[Row] = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append((number, json.loads(line)))
        except (json.JSONDecodeError, RecursionError) as error:
            raise UnreadableDocument("bad-json", source=source, line=number) from error
    return _documents(source, rows, language, {})


def read_csv(source: str, content: str, language: str) -> Result:
    """A header row with at least question and answer; several wordings or tags in a cell are parted by `|`."""
    first = content.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(content), delimiter=delimiter, skipinitialspace=True)
    names = {str(name).strip().casefold() for name in reader.fieldnames or ()}
    if not {"question", "answer"} <= names:
        raise UnreadableDocument("no-columns", source=source, line=1)
    _check_fields(dict.fromkeys(names), _FIELDS, source, 1)
    rows: list[Row] = []
    line = reader.line_num
    try:
        for row in reader:
            cells = {str(key).strip().casefold(): value for key, value in row.items() if key is not None}
            rows.append((line + 1, cells))
            line = reader.line_num
    except csv.Error as error:
        raise UnreadableDocument("bad-csv", source=source, line=reader.line_num, problem=str(error)) from error
    return _documents(source, rows, language, {})


def _documents(source: str, rows: Iterable[Row], language: str, shared: Mapping[Any, Any]) -> Result:
    documents, refusals = [], []
    for line, row in rows:
        try:
            documents.append(_entry(source, row, language, shared))
        except UnreadableDocument as refusal:
            refusals.append(UnreadableDocument(refusal.code, source=source, line=line or None, **refusal.values))
    if not documents and not refusals:
        raise UnreadableDocument("no-entries", source=source)
    return documents, refusals


def _entry(source: str, row: object, language: str, shared: Mapping[Any, Any]) -> Document:
    if not isinstance(row, dict):
        raise UnreadableDocument("no-fields")
    fields = {str(key).strip().casefold(): value for key, value in row.items()}
    _check_fields(fields, _FIELDS)
    wordings = [text for name in _WORDINGS for text in _texts(fields.get(name))]
    question = _text(fields.get("question")) or (wordings[0] if wordings else "")
    answer = _text(fields.get("answer"))
    if not question:
        raise UnreadableDocument("no-question")
    if not answer:
        raise UnreadableDocument("no-answer")
    spoken = _text(fields.get("language")) or _text(shared.get("language")) or detect(f"{question}\n{answer}", language)
    spoken = spoken.casefold().split("-")[0].split("_")[0]
    others = tuple(dict.fromkeys(wording for wording in wordings if wording != question))
    tags = tuple(dict.fromkeys([*_texts(shared.get("tags")), *_texts(fields.get("tags"))]))
    url = _text(fields.get("url")) or None
    return Document(
        id=_text(fields.get("id")) or _slug(question),
        kind=DocumentKind.FAQ,
        title=question,
        text=answer,
        language=spoken,
        source=source,
        digest=digest("faq", question, others, answer, tags, spoken, url),
        wordings=others,
        tags=tags,
        url=url,
    )


def _check_fields(given: Iterable[Any], known: tuple[str, ...], source: str = "", line: int | None = None) -> None:
    """Refuse what is no known field, as it would be left out silently. A column without a name is none."""
    for name in map(str, given):
        folded = name.strip().casefold()
        if not folded or folded in known or name == _LINE:
            continue
        shown = clean(name).strip()[:40]
        close = get_close_matches(folded, known, n=1)
        if close:
            raise UnreadableDocument("mistyped-field", source=source, line=line, name=shown, close=close[0])
        usual = ", ".join(f"`{field}`" for field in known if field not in _WORDINGS[1:])
        raise UnreadableDocument("unknown-field", source=source, line=line, name=shown, known=usual)


def _text(value: object) -> str:
    return clean(str(value)).strip() if isinstance(value, str | int | float) else ""


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else str(value).split("|") if isinstance(value, str | int | float) else []
    return [text for item in items if (text := _text(item))]


def _slug(question: str) -> str:
    """An id from the question: its words where they are ASCII, else a short hash, so that it stays the same."""
    slug = re.sub(r"[^a-z0-9]+", "-", question.casefold()).strip("-")[:60].strip("-")
    return slug if question.isascii() and slug else f"faq-{hashlib.sha256(question.encode()).hexdigest()[:12]}"
