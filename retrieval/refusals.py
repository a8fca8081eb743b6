"""Why a file, or a row of one, is refused: each reason by its code, with a sentence that says what to do.

Who speaks another language than English says it by the code and the values (`UnreadableDocument.code`, `.values`).
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "no-such-file": "there is no such file; check the path.",
    "not-permitted": "it may not be read; give yourself the permission to read it.",
    "not-opened": "it cannot be opened ({problem}).",
    "nothing-readable": "the folder has no file that Parley reads (Markdown, text, HTML, YAML, JSONL, CSV).",
    "unknown-kind": "a {kind} file is not a kind of file that Parley reads ({known}).",
    "no-kind": "a file without an ending is not a kind of file that Parley reads ({known}).",
    "too-large": "the file has {size} MB and Parley reads up to {limit} MB; split it into smaller files.",
    "empty": "the file is empty; write something into it or leave it out.",
    "no-text": "the file has no text; write something into it or leave it out.",
    "no-page-text": "the page has no text of its own; save the page that holds the content.",
    "binary": "the file holds binary data, not text; save it as UTF-8 text.",
    "damaged": "the file begins as text but is damaged further on; save it again as UTF-8.",
    "unknown-encoding": "the file's encoding is unknown; save it as UTF-8 text.",
    "bad-yaml": "this is not valid YAML ({problem}); check the indentation, the quotes and the colons.",
    "deep-yaml": "the YAML is nested too deeply to be an FAQ.",
    "no-list": "an FAQ file is a list of entries with `question` and `answer`, or has that list under `entries`.",
    "bad-json": "this is not valid JSON; every line holds one object with `question` and `answer`.",
    "no-columns": "the first row must name the columns, with `question` and `answer` among them.",
    "bad-csv": "this is not valid CSV ({problem}).",
    "no-entries": "the file has no FAQ entries.",
    "mistyped-field": "there is no field `{name}`; did you mean `{close}`?",
    "unknown-field": "there is no field `{name}`; the fields are {known}.",
    "no-fields": "an entry needs fields: `question` and `answer`.",
    "no-question": "this entry has no question; add the field `question`.",
    "no-answer": "this entry has no answer; add the field `answer`.",
    "id-twice": "the id “{id}” is used twice in this file; give the second one another id.",
    "id-taken": "the id “{id}” already belongs to a document from {other}; rename one of them (this one comes from "
    "{new}) or remove the other first.",
}


def sentence(code: str, values: Mapping[str, str]) -> str:
    """The reason in English. Raises KeyError for an unknown code or a missing value: a mistake in the code.

    >>> sentence("not-opened", {"problem": "Is a directory"})
    'it cannot be opened (Is a directory).'
    """
    return SENTENCES[code].format_map(values)


def sizes(size: int, limit: int) -> dict[str, str]:
    """What "too-large" names, from bytes.

    >>> sizes(50_000_000, 20_000_000)
    {'size': '50.0', 'limit': '20'}
    """
    return {"size": f"{size / 1e6:.1f}", "limit": f"{limit / 1e6:g}"}
