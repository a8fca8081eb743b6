"""What stands under a reply in the terminal: choices with numbers, and where its file was saved."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli.output import note, print_json, say
from bot.cli.screen import PlainScreen, TerminalScreen
from bot.domain import Attachment, Choice, Outcome, Reply
from bot.texts.catalogue import FluentTexts

REPLY = Reply(
    "Here.",
    "export",
    Outcome.SERVICE,
    "en",
    suggestions=("First?",),
    choices=(Choice("Yes", "/forget yes"), Choice("No", "/help")),
    attachment=Attachment("export.json", "application/json", b'{"a": 1}'),
)


def test_a_pipe_shows_numbers_and_the_place_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(FluentTexts(), tmp_path / "exports")
    screen.finished(REPLY)
    screen.finished(REPLY)
    shown = capsys.readouterr().out
    assert "  1. First?\n  2. Yes\n  3. No\n" in shown
    first, second = tmp_path / "exports" / "export.json", tmp_path / "exports" / "export-1.json"
    assert f"Saved to {first}\n" in shown and f"Saved to {second}\n" in shown
    assert json.loads(first.read_bytes()) == {"a": 1}
    assert first.stat().st_mode & 0o077 == 0


def test_a_terminal_shows_the_same(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    TerminalScreen(FluentTexts(), console, tmp_path).finished(REPLY)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2. Yes" in shown and str(tmp_path / "export.json") in shown


STEERING = ("red \x1b", "[31m title\x1b]0;t\x07 eight\x9b2J bits, back\r\x7f")
LEFT = "red [31m title]0;t eight2J bits, back"
STEERED = Reply("".join(STEERING), "write", Outcome.GENERATED, "en", suggestions=("\x1b[1mFirst?",), notice="\x1b[2m")


def test_a_pipe_and_a_terminal_show_nothing_that_steers(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), width=200)
    for screen in (PlainScreen(FluentTexts()), TerminalScreen(FluentTexts(), console)):
        for piece in STEERING:
            screen.text(piece)
        screen.finished(STEERED)
        screen.sentence("No \x1b[5m")
    for shown in (capsys.readouterr().out, console.file.getvalue()):  # type: ignore[attr-defined]
        assert shown.startswith(LEFT + "\n") and "1. [1mFirst?" in shown and "No [5m" in shown
        assert not set(shown) & set("\x1b\x07\x9b\r\x7f")


def test_results_notes_and_json_steer_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say(STEERED.text)
    note(STEERED.text)
    print_json({"text": STEERED.text})
    shown = capsys.readouterr()
    assert shown.err == LEFT + "\n"
    first, second = shown.out.splitlines()
    assert first == LEFT and json.loads(second) == {"text": STEERED.text}
    assert not set(shown.out) & set("\x1b\x07\x9b\r\x7f")


def test_without_a_folder_nothing_is_saved(capsys: pytest.CaptureFixture[str]) -> None:
    PlainScreen(FluentTexts()).finished(REPLY)
    assert "Saved" not in capsys.readouterr().out


def test_the_welcome_numbers_its_questions() -> None:
    console = Console(file=io.StringIO(), width=200)
    TerminalScreen(FluentTexts(), console).welcome("Parley", "Ask:", ["What is BERT?", "什么是微调？"])
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown == "Parley\nAsk:\n  1. What is BERT?\n  2. 什么是微调？\n\n"


@pytest.mark.parametrize(("count", "shown"), [(1, "one document"), (75, "75 documents")])
def test_documents_are_counted(count: int, shown: str) -> None:
    assert f" {shown} " in FluentTexts()("console-title", "en", count=count)
