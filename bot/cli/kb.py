"""`parley kb`: the knowledge base."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State

if TYPE_CHECKING:
    from bot.ports import Texts
    from retrieval.evaluate import Question
    from retrieval.ingest import Ingestor
    from retrieval.types import Document, Hit, IngestOutcome

app = typer.Typer(help="The knowledge base: add, list, remove, search, evaluate.", no_args_is_help=True)

MOST_WARNINGS = 5

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.command()
def add(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files or folders; - reads standard input.")],
    as_json: AsJson = False,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="What standard input is called, such as faq.yaml: its ending says the kind."),
    ] = "",
) -> None:
    """Add documents, or replace those that changed."""
    state: State = context.obj
    _check_name(name)
    refused, changed = 0, 0
    with state.parley() as parley:
        parley.prepare(note)
        limit = int(state.settings.knowledge.max_file_mb * 1_000_000)
        for outcome in _outcomes(parley.ingestor, paths, name, limit):
            refused += outcome.status.value == "refused"
            changed += outcome.status.value in {"added", "replaced", "removed"}
            if as_json:
                print_json({key: value for key, value in asdict(outcome).items() if value is not None})
            else:
                say(_told(outcome, parley.texts))
        if changed and not as_json:
            note("Building the index …")
        parley.searcher.refresh()
    if refused:
        raise typer.Exit(2)


def _check_name(name: str) -> None:
    from bot.errors import UsageError
    from retrieval.readers import is_readable

    if name and not is_readable(name):
        raise UsageError(f"--name says the kind of standard input by its ending; “{name}” has none that Parley reads.")


def _outcomes(ingestor: Ingestor, paths: list[str], name: str, limit: int) -> Iterator[IngestOutcome]:
    for path in paths:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
            guess = "stdin.jsonl" if data.lstrip()[:1] == b"{" else "stdin.md"
            yield from ingestor.add_bytes(name or guess, data)
        else:
            yield from ingestor.add([Path(path)])


def _told(outcome: IngestOutcome, texts: Texts) -> str:
    """A refusal is said in the language of the terminal: it is about the person's own file."""
    from bot.cli.chatting import spoken_here
    from bot.doors.library import reason_of
    from bot.skills.reasons import said

    if outcome.refusal:
        what = outcome.document_id or outcome.source
        reason = said(reason_of(outcome.refusal), spoken_here(os.environ) or "en", texts)
        return f"{outcome.status.value:<9} {what}: {reason}"
    return f"{outcome.status.value:<9} {outcome.document_id}  {outcome.title or ''}"


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the documents."""
    state: State = context.obj
    with state.parley() as parley:
        documents = parley.store.knowledge.documents()
    if as_json:
        for document in documents:
            print_json(_document_as_json(document))
        return
    for line in _document_lines(documents):
        say(line)
    if not documents:
        note("The knowledge base is empty. Add documents with: parley kb add PATH")
        return
    faq = sum(document.kind.value == "faq" for document in documents)
    note(f"{len(documents)} documents: {faq} FAQ entries, {len(documents) - faq} articles")


def _document_as_json(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "kind": document.kind.value,
        "language": document.language,
        "title": document.title,
        "source": document.source,
        "tags": list(document.tags),
    }


def _document_lines(documents: Sequence[Document]) -> Iterator[str]:
    """A line a document, in columns; cut to the window's width where there is one."""
    from rich.cells import cell_len, set_cell_size

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    width = min(40, max((cell_len(document.id) for document in documents), default=0))
    for document in documents:
        key = document.id + " " * (width - cell_len(document.id))
        line = f"{key}  {document.kind.value:<8}  {document.language:<3}  {document.title}"
        yield set_cell_size(line, columns).rstrip() if columns and cell_len(line) > columns else line


@app.command()
def remove(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Document ids, or the files they came from.")],
    as_json: AsJson = False,
) -> None:
    """Remove documents; they cannot be found from then on."""
    state: State = context.obj
    missing = 0
    with state.parley() as parley:
        for wanted in ids:
            removed = parley.ingestor.remove([wanted])
            missing += removed == 0
            if as_json:
                print_json({"id": wanted, "removed": removed})
            elif removed:
                say(f"removed   {wanted}" + (f" ({removed} documents)" if removed > 1 else ""))
            if not removed:
                note(f"parley: no document and no file named “{wanted}”. See: parley kb list")
    if missing:
        raise typer.Exit(3)


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    as_json: AsJson = False,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many documents.")] = 5,
) -> None:
    """Show what a question finds, and how."""
    from bot.doors.knowledge import knowledge_errors
    from bot.errors import UsageError

    if not query.strip():
        raise UsageError("The question is empty. Write what you want to find after `parley kb search`.")
    state: State = context.obj
    with state.parley() as parley, knowledge_errors():
        parley.prepare(note)
        result = parley.searcher.search(query, k, full=True)
    if as_json:
        for hit in result.hits:
            print_json(_hit_as_json(hit))
        return
    thresholds = result.thresholds
    say(
        f"language {result.language}; curated from {thresholds.curated:.2f}, "
        f"answerable from {thresholds.answerable:.2f} (articles {thresholds.answerable_prose:.2f})"
    )
    say("confidence  score  lexical  dense  document")
    for hit in result.hits:
        ranks = f"{hit.lexical_rank or '-':>7}  {hit.dense_rank or '-':>5}"
        say(f"{hit.confidence:>10.2f}  {hit.score:>5.2f}  {ranks}  {hit.document.id}  {hit.document.title}")


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    return {
        "document": hit.document.id,
        "title": hit.document.title,
        "passage": hit.passage.text,
        "score": round(hit.score, 4),
        "confidence": round(hit.confidence, 4),
        "lexical_rank": hit.lexical_rank,
        "dense_rank": hit.dense_rank,
    }


@app.command("eval")
def evaluate(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help='JSONL: {"question": …, "relevant": [ids]} a line.')],
    as_json: AsJson = False,
    parts: Annotated[bool, typer.Option("--parts", help="Also the lexical and the dense part alone.")] = False,
) -> None:
    """Measure retrieval: recall@1, @5, @10 and mrr@10."""
    from bot.doors.knowledge import knowledge_errors
    from retrieval.evaluate import evaluate as measure
    from retrieval.evaluate import read_questions

    state: State = context.obj
    with state.parley() as parley, knowledge_errors():
        parley.prepare(note)
        questions = read_questions(Path(file))
        _warn_of_unknown(questions, {document.id for document in parley.store.knowledge.documents()})
        result = measure(parley.searcher, questions, parts=parts)
    if as_json:
        print_json(result)
        return
    for line in _table(result):
        say(line)


def _warn_of_unknown(questions: Sequence[Question], known: set[str]) -> None:
    """A mistyped id would only show as a lower figure."""
    missing = [(question.place, key) for question in questions for key in sorted(question.relevant - known)]
    for place, key in missing[:MOST_WARNINGS]:
        note(f"{place}: no document has the id “{key}”, so it counts as not found. See: parley kb list")
    if len(missing) > MOST_WARNINGS:
        note(f"So do {len(missing) - MOST_WARNINGS} more ids that no document has.")


def _table(result: dict[str, Any]) -> list[str]:
    rows = {"fused": result} | result.get("parts", {})
    names = ("recall@1", "recall@5", "recall@10", "mrr@10", "n")
    lines = ["".join(("         ", *(f"{name:>11}" for name in names)))]
    for part, row in rows.items():
        cells = (f"{row[name]:>11.3f}" if isinstance(row[name], float) else f"{row[name]:>11}" for name in names)
        lines.append(f"{part:<9}" + "".join(cells))
    return lines
