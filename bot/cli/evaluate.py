"""`parley eval`: how good the chosen models are at sentiment, classifying and translating, on your own rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.bootstrap import Parley
    from bot.ports import Prediction
    from models.evaluation.rows import Labelled, Translated
    from models.evaluation.scores import LabelScores

app = typer.Typer(help="Measure sentiment, classify and translate on rows with known answers.", no_args_is_help=True)

Row = TypeVar("Row")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="At most so many rows, spread over the file; 0: all.")]
LabelledFile = Annotated[
    str, typer.Argument(metavar="FILE", help='JSONL {"text", "label", "language"?} or TSV: text, tab, label.')
]
BATCH = 32
ALL = "all"


@app.command()
def sentiment(context: typer.Context, file: LabelledFile, limit: Limit = 0, as_json: AsJson = False) -> None:
    """Accuracy, macro-F1 and calibration error of sentiment, per language."""
    from models.tasks.sentiment import LABELS

    rows = _spread(_labelled(Path(file)), limit)
    _check_labels(rows, LABELS)

    async def judge(parley: Parley, batch: Sequence[Labelled]) -> list[Prediction]:
        classifier = await parley.tools.models.sentiment()
        found: list[Prediction] = []
        for row in batch:
            found += await classifier.judge([row.text], row.language)
        return found

    _measure_labels(context.obj, rows, judge, as_json)


@app.command()
def classify(
    context: typer.Context,
    file: LabelledFile,
    examples: Annotated[
        str, typer.Option("--examples", metavar="FILE", help="Labelled texts that the classifier may look at.")
    ] = "",
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """Accuracy, macro-F1 and calibration error of choosing among the file's own labels, per language."""
    from models.evaluation.rows import examples_by_label

    whole = _labelled(Path(file))
    shown = examples_by_label(_labelled(Path(examples))) if examples else {}
    labels = list(dict.fromkeys([*(row.label for row in whole), *shown]))
    rows = _spread(whole, limit)

    async def judge(parley: Parley, batch: Sequence[Labelled]) -> list[Prediction]:
        classifier = await parley.tools.models.classifier()
        return await classifier.classify([row.text for row in batch], labels, shown)

    _measure_labels(context.obj, rows, judge, as_json)


@app.command()
def translate(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help='TSV: source, tab, target; or JSONL {"text", "reference"}.')
    ],
    source: Annotated[str, typer.Option("--from", metavar="LANG", help="The texts' language, if not told.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="The references' language, if not told.")] = "",
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """BLEU and chrF (sacrebleu) of translations, per pair of languages."""
    from bot.cli.tasks import language_option

    state: State = context.obj
    pair = (language_option(source) if source else "", language_option(to) if to else "")
    rows = _spread(_translated(Path(file)), limit)

    async def work() -> None:
        async with state.parley_async() as parley:
            parley.prepare(note)
            measured = await _translation_rows(parley, _paired(rows, pair, parley))
        if as_json:
            print_json({"pairs": measured})
        else:
            for line in _translation_table(measured):
                say(line)

    run_async(work())


def _labelled(path: Path) -> list[Labelled]:
    from models.evaluation.rows import read_labelled

    return read_labelled(path)


def _translated(path: Path) -> list[Translated]:
    from models.evaluation.rows import read_translated

    return read_translated(path)


def _spread(rows: Sequence[Row], limit: int) -> list[Row]:
    """So many rows at equal distances: the beginning of a file is often of one kind."""
    if not limit or limit >= len(rows):
        return list(rows)
    return [rows[index * len(rows) // limit] for index in range(limit)]


def _check_labels(rows: Sequence[Labelled], known: Sequence[str]) -> None:
    from bot.errors import InvalidInput

    for row in rows:
        if row.label not in known:
            raise InvalidInput(f"{row.place}: the label “{row.label}” is no sentiment; write {', '.join(known)}.")


Judge = Callable[["Parley", Sequence["Labelled"]], Coroutine[Any, Any, "list[Prediction]"]]


def _measure_labels(state: State, rows: list[Labelled], judge: Judge, as_json: bool) -> None:
    from models.evaluation.scores import label_scores

    async def work() -> None:
        async with state.parley_async() as parley:
            parley.prepare(note)
            told = await asyncio.to_thread(_with_languages, rows, parley)
            found: list[Prediction] = []
            for start in range(0, len(told), BATCH):
                found += await judge(parley, told[start : start + BATCH])
                _progress(len(found), len(told), as_json)
        languages = [row.language for row in told]
        groups = {ALL: label_scores([row.label for row in told], found)} if len(set(languages)) > 1 else {}
        for language in dict.fromkeys(languages):
            mine = [index for index, spoken in enumerate(languages) if spoken == language]
            groups[language] = label_scores([told[i].label for i in mine], [found[i] for i in mine])
        if as_json:
            print_json({"languages": {name: asdict(scores) for name, scores in groups.items()}})
        else:
            for line in _label_table(groups):
                say(line)

    run_async(work())


def _with_languages(rows: Sequence[Labelled], parley: Parley) -> list[Labelled]:
    """Rows whose language is not told, with what it looks like."""
    from dataclasses import replace

    default = parley.settings.dialogue.default_language
    return [
        row if row.language else replace(row, language=_main(parley.languages.detect(row.text, default)))
        for row in rows
    ]


def _main(language: str) -> str:
    """Short lines are often taken for a rare language; the tables are of those that Parley is made for."""
    return language if language in {"zh", "en"} else "other"


def _paired(
    rows: Sequence[Translated], pair: tuple[str, str], parley: Parley
) -> dict[tuple[str, str], list[Translated]]:
    """Rows by their languages: the row's own, else what the options say, else what all of the column looks like."""
    source = pair[0] or _of_column([row.text for row in rows if not row.source], parley)
    target = pair[1] or _of_column([row.reference for row in rows if not row.target], parley)
    found: dict[tuple[str, str], list[Translated]] = {}
    for row in rows:
        found.setdefault((row.source or source, row.target or target), []).append(row)
    return found


def _of_column(texts: Sequence[str], parley: Parley) -> str:
    """The language that most of a column's lines are in."""
    from collections import Counter

    found = Counter(parley.languages.detect(text, "en") for text in texts[:200])
    return found.most_common(1)[0][0] if found else ""


async def _translation_rows(
    parley: Parley, pairs: Mapping[tuple[str, str], Sequence[Translated]]
) -> dict[str, dict[str, Any]]:
    from models.evaluation.scores import translation_scores

    measured: dict[str, dict[str, Any]] = {}
    for (source, target), rows in pairs.items():
        translator = await parley.tools.models.translator(source, target)
        texts: list[str] = []
        for start in range(0, len(rows), BATCH):
            batch = [row.text for row in rows[start : start + BATCH]]
            texts += [done.text for done in await translator.translate(batch, source, target)]
            _progress(len(texts), len(rows), False)
        scores = translation_scores(texts, [row.reference for row in rows], target)
        measured[f"{source}-{target}"] = asdict(scores) | {"model": translator.name}
    return measured


def _progress(done: int, of: int, quiet: bool) -> None:
    if not quiet and of > 2 * BATCH and (done % (10 * BATCH) == 0 or done == of):
        note(f"{done} of {of}")


def _label_table(groups: Mapping[str, LabelScores]) -> Iterator[str]:
    yield f"{'language':<10}{'n':>7}{'accuracy':>10}{'macro-F1':>10}{'ECE':>8}"
    for name, scores in groups.items():
        yield f"{name:<10}{scores.n:>7}{scores.accuracy:>10.3f}{scores.macro_f1:>10.3f}{scores.ece:>8.3f}"
    several = next(iter(groups.values()))
    if len(several.f1) <= 12:
        yield ""
        yield f"{'F1':<10}" + "".join(f"{label:>12}" for label in several.f1)
        for name, scores in groups.items():
            yield f"{name:<10}" + "".join(f"{scores.f1.get(label, 0.0):>12.3f}" for label in several.f1)


def _translation_table(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'pair':<10}{'n':>7}{'BLEU':>8}{'chrF':>8}  model"
    for pair, row in measured.items():
        yield f"{pair:<10}{row['n']:>7}{row['bleu']:>8.1f}{row['chrf']:>8.1f}  {row['model']}"
    for signature in dict.fromkeys(str(row["signature"]) for row in measured.values()):
        yield f"BLEU {signature}"
