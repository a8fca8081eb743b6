"""Languages are found by any of their names."""

import pytest

from bot.skills.wording import OFFERED, language_code, language_name, name_in_sentence
from bot.texts.catalogue import available_languages


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("Chinese", "zh"),
        ("中文", "zh"),
        ("普通话", "zh"),
        ("GERMAN", "de"),
        ("德语", "de"),
        ("Deutsch", "de"),
        ("français", "fr"),
        ("日语", "ja"),
        ("klingon-ish", None),
        ("", None),
    ],
)
def test_code_of_a_name(name: str, code: str | None) -> None:
    assert language_code(name) == code


def test_name_of_a_code() -> None:
    assert (language_name("de", "zh"), language_name("zh", "en"), language_name("de", "xx")) == (
        "德语",
        "Chinese",
        "German",
    )


def test_a_sentence_names_languages_in_its_own() -> None:
    assert set(OFFERED) == set(available_languages())
    named = [name_in_sentence("de", language) for language in ("en", "zh", "fr", "de")]
    assert named == ["German", "德语", "German", "German"]
