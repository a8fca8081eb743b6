"""Bad input: one clear sentence on standard error, the right exit code, and nothing stored is lost."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.conftest import Done, Parley
from tests.support.history import rows

KNOWN = "How long does a refund take?"


def stored(home: Path) -> list[tuple[str, ...]]:
    return rows(home, "SELECT id, text FROM documents ORDER BY id")


def refusals(done: Done) -> list[str]:
    return [row["reason"] for row in done.rows if row["status"] == "refused"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "text", ["", "  \n\t ", "\x00\x07\x1b", "\ud800"], ids=["empty", "blank", "controls", "surrogate"]
)
def test_nothing_to_read_is_told(parley: Parley, text: str) -> None:
    done = parley("ask", text)
    assert (done.code, done.out) == (2, "")
    assert "empty" in done.sentence


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("query", ["", " \n"])
def test_an_empty_search_is_told(parley: Parley, query: str) -> None:
    done = parley("kb", "search", query)
    assert (done.code, done.out) == (2, "")
    assert "empty" in done.sentence


@pytest.mark.usefixtures("shop")
def test_a_hundred_thousand_characters_are_refused_with_the_limit(parley: Parley, settings: Path) -> None:
    before = stored(settings)
    done = parley("ask", "字" * 100_000)
    assert (done.code, done.out) == (2, "")
    assert "100000" in done.sentence.replace(",", "")
    assert "8000" in done.sentence.replace(",", "")
    assert stored(settings) == before


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "text",
    [
        f"\x1b[31m{KNOWN}\x07\x00",
        f"\ud800{KNOWN}\udfff",
        f"  {KNOWN}\r\n",
    ],
    ids=["controls", "surrogates", "ends"],
)
def test_what_cannot_be_seen_does_not_stand_in_the_way(parley: Parley, text: str) -> None:
    (answer,) = parley("ask", text, "--json").rows
    assert (answer["outcome"], answer["citations"][0]["document"]) == ("curated", "refund-time")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦🏳️‍🌈🙂",
        "متى يفتح المتجر؟",
        "\u202eHow long\u202c?",
        "ß" * 7999,
        "🙂" * 8000,
        "¿?¡!",
        "'; DROP TABLE turns; --",
    ],
)
def test_any_script_is_answered(parley: Parley, settings: Path, text: str) -> None:
    done = parley("ask", text, "--json")
    assert done.code == 0
    assert done.rows[0]["text"]
    assert rows(settings, "SELECT text FROM turns ORDER BY id DESC LIMIT 1") == [(text,)]


@pytest.mark.usefixtures("shop")
def test_words_that_are_no_utf8_are_read_without_the_broken_bytes(shell: Parley) -> None:
    (answer,) = shell("ask", KNOWN.encode() + b"\xff\xfe", "--json").rows
    assert answer["citations"][0]["document"] == "refund-time"
    piped = shell("ask", "-", "--json", stdin=KNOWN.encode() + b"\r\n\xff\xfe\n" + KNOWN.encode())
    assert [row["outcome"] for row in piped.rows][::2] == ["curated", "curated"]
    missing = shell("kb", "remove", b"\xff")
    assert (missing.code, missing.out) == (2, "")
    assert missing.sentence
    assert shell("kb", "add", b"/nowhere/\xff.md", "--json").rows[0]["status"] == "refused"


def test_a_huge_file_is_refused_without_being_read(parley: Parley, shop: Path, settings: Path, tmp_path: Path) -> None:
    before = stored(settings)
    huge = tmp_path / "huge.md"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    done = parley("kb", "add", str(huge), "--json")
    assert done.code == 2
    (reason,) = refusals(done)
    assert "50.0 MB" in reason
    assert "20 MB" in reason
    assert stored(settings) == before
    summary = parley("summarise", str(huge))
    assert (summary.code, "MB" in summary.sentence) == (2, True)


def test_files_that_are_no_documents_are_refused_with_why(
    parley: Parley, shop: Path, settings: Path, tmp_path: Path
) -> None:
    before = stored(settings)
    (tmp_path / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "broken.yaml").write_text(
        "- question: Why?\n  answer: Because.\n- question: [What\n  answer: x\n", "utf-8"
    )
    (tmp_path / "photo.jpeg").write_bytes(b"x")
    wanted = {
        "picture.md": "binary",
        "empty.md": "empty",
        "broken.yaml": "line ",
        "photo.jpeg": "kind",
        "none.md": "no such",
    }
    for name, part in wanted.items():
        done = parley("kb", "add", str(tmp_path / name), "--json")
        assert done.code == 2, name
        (reason,) = refusals(done)
        assert part in reason, (name, reason)
        shown = parley("kb", "add", str(tmp_path / name))
        assert shown.out.startswith("refused"), name
        assert "Traceback" not in shown.err
    assert stored(settings) == before


def test_broken_yaml_names_its_line(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("- question: Why?\n  answer: Because.\n-   question: 'What\n", "utf-8")
    (reason,) = refusals(parley("kb", "add", str(tmp_path / "broken.yaml"), "--json"))
    assert reason.startswith(("line 3", "line 4"))
    assert "YAML" in reason


def test_a_row_without_an_answer_is_refused_and_the_others_are_kept(parley: Parley, tmp_path: Path) -> None:
    faq = tmp_path / "faq.csv"
    faq.write_text("id,question,answer\na,What is A?,A vowel.\nb,What is B?,\nc,What is C?,A consonant.\n", "utf-8")
    done = parley("kb", "add", str(faq), "--json")
    assert [row["status"] for row in done.rows] == ["refused", "added", "added"]
    assert refusals(done)[0].startswith("line 3")
    assert "answer" in refusals(done)[0]
    assert done.code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_refused(parley: Parley, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    try:
        done = parley("kb", "add", str(locked), "--json")
    finally:
        locked.chmod(0o700)
    assert done.code == 2
    assert "permission" in refusals(done)[0]


def test_a_data_folder_that_cannot_be_made_is_told(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file, not a folder", "utf-8")
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "file" / "home"))
    for words in (["kb", "list"], ["ask", "x"], ["doctor"], ["db", "current"]):
        done = parley(*words)
        assert done.code == 2, words
        assert "PARLEY_HOME" in done.sentence


def test_a_database_of_a_newer_version_is_left_as_it_is(parley: Parley, shop: Path, settings: Path) -> None:
    with closing(sqlite3.connect(settings / "parley.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = stored(settings)
    for words in (["ask", KNOWN], ["kb", "list"], ["kb", "add", str(shop)], ["db", "upgrade"]):
        done = parley(*words)
        assert (done.code, done.out) == (4, ""), words
        assert "newer" in done.sentence
        assert "9999" in done.sentence
    assert parley("db", "current", "--json").rows[0]["current"] == "9999"
    assert stored(settings) == before
    doctor = parley("doctor", "--json")
    assert doctor.code == 1
    (finding,) = [row for row in doctor.rows if row["check"] == "database"]
    assert finding["state"] == "fail"
    assert "newer" in finding["found"] + finding["do"]


def test_a_file_that_is_no_database_is_left_as_it_is(parley: Parley, settings: Path) -> None:
    path = settings / "parley.db"
    path.write_bytes(b"a letter to my aunt, " * 500)
    done = parley("kb", "list")
    assert (done.code, done.out) == (4, "")
    assert "no database" in done.sentence
    assert path.read_bytes().startswith(b"a letter to my aunt")


def test_a_missing_file_to_summarise_is_told(parley: Parley, tmp_path: Path) -> None:
    done = parley("summarise", str(tmp_path / "none.md"))
    assert (done.code, done.out) == (2, "")
    assert "no such file" in done.sentence


@pytest.mark.parametrize(
    "words", [["sentiment", " "], ["translate", "", "--to", "de"], ["classify", "\x00", "--labels", "a,b"]]
)
def test_the_skills_need_a_text(parley: Parley, words: list[str]) -> None:
    done = parley(*words)
    assert (done.code, done.out) == (2, "")
    assert "empty" in done.sentence


def test_an_unknown_language_is_told(parley: Parley) -> None:
    done = parley("translate", "hello", "--to", "klingonese")
    assert done.code == 2
    assert "klingonese" in done.sentence


@pytest.mark.parametrize("labels", ["", "one", " , "])
def test_too_few_labels_are_told(parley: Parley, labels: str) -> None:
    done = parley("classify", "hello", "--labels", labels)
    assert (done.code, done.out) == (2, "")
    assert "label" in done.sentence
