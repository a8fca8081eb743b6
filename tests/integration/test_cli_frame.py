"""The command's frame: help, version, settings, and what goes wrong before any work begins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bot
from tests.integration.conftest import ROOT, Parley, TinyModels

COMMANDS = {
    (): {"chat", "ask", "kb", "translate", "sentiment", "classify", "summarise", "models", "db", "doctor", "init"},
    ("kb",): {"add", "list", "remove", "search", "eval"},
    ("models",): {"list", "fetch", "check"},
    ("db",): {"upgrade", "current"},
}


@pytest.mark.parametrize("group", COMMANDS, ids=str)
def test_help_names_every_command(parley: Parley, group: tuple[str, ...]) -> None:
    done = parley(*group, "--help")
    listed = done.out.partition("Commands:")[2].splitlines()
    assert done.code == 0
    assert {line.split()[0] for line in listed if line.strip()} >= COMMANDS[group]


def test_the_version_is_told(parley: Parley) -> None:
    assert parley("--version").out == f"parley {bot.__version__}\n"


def test_no_words_at_all_show_the_help(parley: Parley) -> None:
    done = parley()
    assert done.code == 2
    assert "Usage: parley" in done.out + done.err


@pytest.mark.parametrize("words", [["nonsense"], ["ask"], ["kb", "search", "x", "-k", "0"], ["ask", "x", "--nonsense"]])
def test_wrong_words_are_refused_with_a_way_to_help(parley: Parley, words: list[str]) -> None:
    done = parley(*words)
    assert (done.code, done.out) == (2, "")
    assert "--help" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_setting_stops_the_start_and_the_right_one_is_guessed(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODLES__DEVICE", "cpu")
    done = parley("kb", "list")
    assert (done.code, done.out) == (2, "")
    assert "PARLEY_MODLES__DEVICE" in done.sentence
    assert "PARLEY_MODELS__DEVICE" in done.sentence


def test_an_ill_typed_setting_names_what_was_found_and_what_is_allowed(parley: Parley) -> None:
    Path("parley.toml").write_text('[models]\nthreads = "many"\n', "utf-8")
    done = parley("kb", "list")
    assert done.code == 2
    assert all(part in done.sentence for part in ("models.threads", "many", "parley.toml"))


def test_an_unknown_profile_is_told_with_those_that_there_are(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODELS__PROFILE", "enormous")
    done = parley("ask", "anything")
    assert done.code == 2
    assert all(part in done.sentence for part in ("models.profile", "enormous", "embedded", "standard", "gpu"))


def test_missing_weights_are_told_with_the_command_that_fetches_them(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_MODELS__EMBEDDER")
    done = parley("ask", "anything")
    assert done.code == 6
    assert "all-minilm-l6-v2" in done.sentence
    assert "parley models fetch" in done.sentence


def test_a_settings_file_can_be_named(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[dialogue]\nlanguage = "wrong language"\n', "utf-8")
    assert "dialogue.language" in parley("--config", str(file), "kb", "list").sentence
    assert "none.toml" in parley("--config", str(tmp_path / "none.toml"), "kb", "list").sentence


def test_debug_may_stand_anywhere_and_shows_where_it_went_wrong(parley: Parley) -> None:
    Path("parley.toml").write_text("[models]\nthreads = -1\n", "utf-8")
    done = parley("kb", "list", "--debug")
    assert done.code == parley("kb", "list").code == 2
    assert "Traceback" in done.err and "SettingsError: " in done.err
    assert done.err.splitlines()[-1].startswith("parley: ")


@pytest.mark.usefixtures("shop")
def test_debug_shows_what_led_to_a_failed_turn_and_keeps_the_exit_code(
    parley: Parley, tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(without_tokenizer(tiny_models.generator, tmp_path / "damaged")))
    plain, debugged = parley("ask", "/chat my secret diary"), parley("--debug", "ask", "/chat my secret diary")
    assert (plain.code, debugged.code) == (6, 6)
    assert "bot.dialogue.manager" not in plain.err
    assert "InvalidWeights: The tokenizer of 'damaged' is missing or damaged." in debugged.err
    assert "tokenizing.py" in debugged.err
    assert "diary" not in debugged.err


def without_tokenizer(generator: Path, copy: Path) -> Path:
    shutil.copytree(generator, copy)
    (copy / "tokenizer.json").write_text("{}")
    return copy


@pytest.mark.usefixtures("shop")
def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    listing = subprocess.Popen(
        [sys.executable, "-m", "bot", "kb", "list"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert listing.stdout is not None
    assert listing.stderr is not None
    listing.stdout.close()
    complaint = listing.stderr.read()
    listing.stderr.close()
    assert listing.wait(60) == 141
    assert b"Traceback" not in complaint
    assert b"BrokenPipe" not in complaint


@pytest.mark.usefixtures("shop")
def test_a_terminal_that_cannot_write_chinese_gets_escapes(shell: Parley) -> None:
    shown = shell("ask", "怎么开发票？", PYTHONIOENCODING="ascii")
    assert (shown.code, "\\u5728" in shown.out) == (0, True)
    (answer,) = shell("ask", "怎么开发票？", "--json", PYTHONIOENCODING="ascii").rows
    assert answer["text"].startswith("在订单页面")
