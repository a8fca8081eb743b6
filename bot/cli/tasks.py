"""The one-shot skills: `parley translate`, `sentiment`, `classify`, `summarise` and `write`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.lines import standard_input_lines, standard_input_text
from bot.cli.output import note, print_json, reply_as_json, say, told
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.bootstrap import Parley
    from bot.domain import Reply

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="The text; - reads standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (translate, sentiment, classify, summarise, write):
        app.command()(command)


def translate(
    context: typer.Context,
    text: Text,
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="The language to translate to.")],
    source: Annotated[str | None, typer.Option("--from", metavar="LANG", help="The text's language.")] = None,
    as_json: AsJson = False,
) -> None:
    """Translate a text."""
    arguments = {"to": language_option(to)} | ({"from": language_option(source)} if source else {})
    whole = standard_input_text() if text == "-" else text
    _run(context.obj, "translate", _one(whole), arguments, as_json)


def sentiment(context: typer.Context, text: Text, as_json: AsJson = False) -> None:
    """Judge a text: positive, neutral or negative."""
    _run(context.obj, "sentiment", _lines(text), {}, as_json)


def classify(
    context: typer.Context,
    text: Text,
    labels: Annotated[
        str,
        typer.Option("--labels", metavar="A,B,C", help="The labels to choose from; if not given, the examples'."),
    ] = "",
    examples: Annotated[
        str, typer.Option("--examples", metavar="FILE", help='Labelled texts to go by: JSONL {"text", "label"} or TSV.')
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Choose the label that fits a text best, by the labels' words, and by examples where there are some."""
    import json

    from bot.errors import UsageError
    from bot.skills.classify import EXAMPLES, split_labels

    shown = _examples(examples) if examples else {}
    chosen = split_labels(labels) if labels else list(shown)
    unknown = [label for label in shown if label not in chosen]
    if unknown:
        raise UsageError(f"The examples have the label “{unknown[0]}”, which --labels does not name.")
    if len(chosen) < 2:
        raise UsageError("Name at least two labels with --labels, or give examples of them with --examples.")
    arguments = {"labels": ",".join(chosen), EXAMPLES: json.dumps(shown)}
    _run(context.obj, "classify", _lines(text), arguments, as_json)


def _examples(file: str) -> dict[str, list[str]]:
    from bot.errors import UsageError
    from models.evaluation.rows import examples_by_label, read_labelled

    found = examples_by_label(read_labelled(Path(file)))
    for label in found:
        if any(sign in label for sign in ",，、"):
            raise UsageError(f"The label “{label}” has a comma in it, which labels are separated by.")
    return found


def summarise(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Give the main points of a document."""
    whole = standard_input_text() if file == "-" else _read(context.obj, Path(file))
    _run(context.obj, "summarise", _one(whole), {}, as_json)


def write(
    context: typer.Context,
    notes: Annotated[str, typer.Argument(metavar="NOTES", help="What it is to say; - reads standard input.")],
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="mail, report, post, letter, … or your own.")
    ] = "",
    tone: Annotated[str, typer.Option("--tone", metavar="TONE", help="friendly, formal, … or your own.")] = "",
    as_json: AsJson = False,
) -> None:
    """Draft a mail, a report or a post from notes."""
    arguments = {name: value.strip() for name, value in (("kind", kind), ("tone", tone)) if value.strip()}
    _run(context.obj, "write", _one(standard_input_text() if notes == "-" else notes), arguments, as_json)


def _run(
    state: State, skill: str, texts: AsyncGenerator[str, None], arguments: Mapping[str, str], as_json: bool
) -> None:
    code = run_async(_run_all(state, skill, texts, arguments, as_json))
    if code:
        raise typer.Exit(code)


async def _run_all(
    state: State, skill: str, texts: AsyncGenerator[str, None], arguments: Mapping[str, str], as_json: bool
) -> int:
    worst = 0
    async with state.parley_async() as parley:
        parley.prepare(note)
        async with aclosing(texts):
            async for text in texts:
                worst = max(worst, await _run_one(parley, skill, text, arguments, as_json))
    return worst


async def _run_one(parley: Parley, name: str, text: str, arguments: Mapping[str, str], as_json: bool) -> int:
    from bot.domain import Completed, Failed
    from bot.domain.text import clean
    from bot.errors import InvalidInput, exit_code_of
    from bot.skills import SkillRequest

    cleaned = clean(text)
    if not cleaned:
        return told("There is no text to work on: it is empty.", InvalidInput.exit_code, as_json)
    language = parley.languages.detect(cleaned, parley.settings.dialogue.default_language)
    skill = parley.skills.named(name)
    assert skill is not None
    request = SkillRequest(cleaned, language, language, arguments)
    async with aclosing(skill.run(request, parley.tools)) as events:
        async for event in events:
            if isinstance(event, Failed):
                return told(event.reason, exit_code_of(event.code), as_json)
            if isinstance(event, Completed):
                return _show(event.reply, as_json)
    return 7


def _show(reply: Reply, as_json: bool) -> int:
    """Print what came of it, a refusal on standard error; gives the exit code."""
    from bot.domain import Outcome
    from bot.errors import InvalidInput, ModelUnavailable

    refused = reply.outcome is Outcome.UNKNOWN
    if as_json:
        print_json(reply_as_json(reply))
    else:
        (note if refused else say)(reply.text)
        if reply.notice:
            note(reply.notice)
    if not refused:
        return 0
    same = "to" in reply.data and reply.data["to"] == reply.data.get("from")
    return InvalidInput.exit_code if same else ModelUnavailable.exit_code


async def _one(text: str) -> AsyncGenerator[str, None]:
    yield text


async def _lines(text: str) -> AsyncGenerator[str, None]:
    if text != "-":
        yield text
        return
    async with aclosing(standard_input_lines()) as lines:
        async for line in lines:
            if line.strip():
                yield line


def language_option(name: str) -> str:
    """The code of a language that an option names. Raises UsageError."""
    from bot.errors import UsageError
    from bot.skills.wording import language_code

    code = language_code(name)
    if code is None:
        raise UsageError(f"I don't know the language “{name}”. Write its name or its code, for example zh, en, de.")
    return code


def _read(state: State, path: Path) -> str:
    """The text of any kind of file that the knowledge base reads."""
    from bot.doors.knowledge import knowledge_errors
    from retrieval.readers import read_text

    with knowledge_errors():
        return read_text(path, max_bytes=int(state.settings.knowledge.max_file_mb * 1_000_000))
