"""How to install an extra is said in one form everywhere, and names extras that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bot.extras import install

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "retrieval", "models")
FORM = re.compile(r"pip install (?!-c constraints\.txt '\.\[)(?!--upgrade )")
ANOTHERS = "Recommended: pip install sacremoses"  # transformers' own words, which are not shown


def test_every_hint_in_the_source_has_the_form_of_the_helper() -> None:
    odd = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if FORM.search(line) and ANOTHERS not in line
    ]
    assert odd == []


def test_the_sentence_is_written_once_for_the_bot_and_the_models() -> None:
    places = [
        path.relative_to(ROOT).as_posix()
        for room in ("bot", "models")
        for path in (ROOT / room).rglob("*.py")
        if "install -c constraints.txt" in path.read_text("utf-8")
    ]
    assert places == ["models/extras.py"]


def test_the_extras_that_are_named_are_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    source = "\n".join(path.read_text("utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    named = set(re.findall(r"install\(['\"](\w+)['\"]\)|constraints\.txt '\.\[(\w+)\]", source))
    assert {one or other for one, other in named} <= extras.keys()
    assert install("postgres").endswith("pip install -c constraints.txt '.[postgres]'")
