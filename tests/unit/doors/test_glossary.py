"""The operator's glossary: what it may hold, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.doors.glossary import read_glossary
from bot.errors import SettingsError


def test_terms_are_read_per_pair_and_names_for_all(tmp_path: Path) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text("keep: [Parley]\nen-zh:\n  return policy: 退货政策\nzh-en:\n  退货: return\n", "utf-8")
    glossary = read_glossary(file)
    assert glossary.terms("en", "zh") == {"Parley": "Parley", "return policy": "退货政策"}
    assert glossary.terms("zh", "en") == {"Parley": "Parley", "退货": "return"}
    assert glossary.terms("en", "de") == {"Parley": "Parley"}
    file.write_text("", "utf-8")
    assert read_glossary(file).terms("en", "zh") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("en-zh:\n  a: b\n c: d\n", "line 3"),
        ("english:\n  a: b\n", "“english” is no pair"),
        ("en-zh: [a, b]\n", "a colon and its translation"),
        ("en-zh:\n  no: nein\n", "between quotes"),
        ("en-zh:\n  a:\n", "between quotes"),
        ("keep: Parley\n", "a list"),
        ("- a\n", "pairs of languages"),
        (b"\xff\xfe", "not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, content: str | bytes, said: str) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=said) as caught:
        read_glossary(file)
    assert "glossary.yaml" in str(caught.value)


def test_a_file_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"dialogue\.glossary"):
        read_glossary(tmp_path / "none.yaml")
