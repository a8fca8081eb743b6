"""The personas that are offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import Persona
from bot.doors.personas import PersonaBook
from bot.examples_folder import example_folder

DEFAULT = Persona("House", {"en": "You are the house."})


def write(path: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"name: {name}\ninstructions: You are {name}.\n", encoding="utf-8")


def test_the_default_comes_first_and_a_name_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "own" / "pirate.yaml", "Pirate")
    write(tmp_path / "own" / "poet" / "persona.yaml", "Poet")
    write(tmp_path / "others" / "pirate" / "persona.yaml", "PIRATE")
    book = PersonaBook(DEFAULT, [tmp_path / "own", tmp_path / "others", tmp_path / "nowhere"])
    assert book.names() == ["House", "Pirate", "Poet"]
    pirate = book.get(" pirate ")
    assert pirate is not None and pirate.name == "Pirate"
    assert (book.get(None), book.get("house"), book.get("nobody")) == (DEFAULT, DEFAULT, None)


def test_a_broken_file_is_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    write(tmp_path / "good.yaml", "Good")
    assert PersonaBook(None, [tmp_path]).names() == ["Good"]
    assert "broken.yaml" in caplog.text


def test_the_examples_are_offered() -> None:
    book = PersonaBook(None, [example_folder("tutor").parent])
    assert book.names() == ["Tutor", "Writer"]
    assert book.get(None) is None
