"""What a person sets, takes along and deletes, in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Parley
from tests.support.history import history

KNOWN = "How long does a refund take?"


@pytest.mark.usefixtures("shop")
def test_settings_export_and_deletion_over_the_real_database(parley: Parley, settings: Path) -> None:
    said = "\n".join((KNOWN, "/persona", "/persona tutor", "/export", "/privacy", "/language zh", "/forget", "1"))
    done = parley("chat", "--conversation", "console:x", stdin=said + "\n")
    assert (done.code, done.err) == (0, "")
    assert "Tutor" in done.out and "Writer" in done.out
    (file,) = (settings / "exports").iterdir()
    assert f"Saved to {file}" in done.out
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["settings"]["persona"] == "Tutor"
    assert content["conversations"][0]["messages"][0]["text"] == KNOWN
    assert "database" in done.out
    assert "从现在起我用中文回答。" in done.out
    assert "已删除这个对话里的 14 条消息。" in done.out
    assert history(settings, "console:x")[0] == ("user", "/forget yes")


@pytest.mark.usefixtures("shop")
def test_one_question_with_a_file_for_an_answer(parley: Parley, settings: Path) -> None:
    done = parley("ask", "/export")
    assert done.code == 0
    assert [file.suffix for file in (settings / "exports").iterdir()] == [".json"]
    assert "Saved to" in done.out
