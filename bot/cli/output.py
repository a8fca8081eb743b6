"""Writing to the terminal: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path, PurePath
from typing import Any

import typer

from bot.domain import Reply
from bot.domain.text import harmless, harmless_json

READER_GONE = 141  # as a shell tells of SIGPIPE


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output."""
    # Escapes keep it JSON where the terminal cannot write every character, and where a text has a lone surrogate.
    text = json.dumps(value, ensure_ascii=False)
    if not _is_writable(text):
        text = json.dumps(value)
    write(harmless_json(text) + "\n")


def say(text: str = "") -> None:
    """A line on standard output."""
    write(text + "\n")


def write(text: str) -> None:
    """Text on standard output, at once, without what steers a terminal: people, documents and models wrote it.

    Where its reader has gone (`parley … | head`), the command ends quietly.
    """
    try:
        sys.stdout.write(harmless(text))
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer must go somewhere, or the interpreter complains when it ends.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
        raise typer.Exit(READER_GONE) from None


def note(text: str) -> None:
    """A line for the person on standard error, so that results stay clean."""
    typer.echo(harmless(text), err=True)


def told(reason: str, code: int, as_json: bool) -> int:
    """Say why one of several things could not be done, in JSON too in its place; gives the exit code."""
    if as_json:
        print_json({"error": reason})
    note(f"parley: {reason}")
    return code


def _is_writable(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def reply_as_json(reply: Reply) -> dict[str, Any]:
    """A reply for machines, with the keys that the README documents."""
    citations = [
        {"document": c.document, "title": c.title, "passage": c.passage, "score": c.score, "url": c.url}
        for c in reply.citations
    ]
    return {
        "text": reply.text,
        "citations": citations,
        "skill": reply.skill,
        "outcome": reply.outcome.value,
        "language": reply.language,
        "suggestions": list(reply.suggestions),
        "notice": reply.notice,
        "model": reply.model,
        "timings_ms": dict(reply.timings_ms),
        **({"data": dict(reply.data)} if reply.data else {}),
    }


def saved(reply: Reply, folder: Path | None) -> Path | None:
    """Save the file that goes with a reply, beside earlier ones, for this user's eyes alone; gives its place."""
    if reply.attachment is None or folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = PurePath(reply.attachment.name)
    places = (folder / f"{name.stem}{f'-{n}' if n else ''}{name.suffix}" for n in count())
    place = next(place for place in places if not place.exists())
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(reply.attachment.content)
    return place


def citation_lines(reply: Reply) -> list[str]:
    """Where a reply comes from, a line a document: its title, its id, and the score."""
    seen: dict[str, str] = {}
    for citation in reply.citations:
        link = f" {citation.url}" if citation.url else ""
        seen.setdefault(citation.document, f"{citation.title} [{citation.document}] {citation.score:.2f}{link}")
    return [f"  [{number}] {line}" for number, line in enumerate(seen.values(), start=1)]
