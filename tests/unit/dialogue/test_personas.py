"""Personas are read from YAML, and say what is wrong with it."""

from pathlib import Path

import pytest

from bot.dialogue.personas import load_persona
from bot.errors import SettingsError


def test_the_folder_or_the_file(tmp_path: Path) -> None:
    (tmp_path / "persona.yaml").write_text(
        "name: Ada\ninstructions:\n  en: You teach.\n  zh: 你教书。\ngreeting: Hello!\nskill: chat\n"
        "adapter: tutor\n"
        "examples:\n  - {user: Hi, assistant: Hello}\n",
        encoding="utf-8",
    )
    persona = load_persona(tmp_path)
    assert persona == load_persona(tmp_path / "persona.yaml")
    assert (persona.name, persona.skill, persona.examples) == ("Ada", "chat", (("Hi", "Hello"),))
    assert persona.adapter == "tutor"
    assert persona.instructions_for("zh") == "你教书。"
    assert persona.instructions_for("fr") == "You teach."


@pytest.mark.parametrize(
    ("content", "said"),
    [("name: [\n", "line 2"), ("name: x\n", "instructions"), ("- a list\n", "instructions")],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "persona.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_persona(file)


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"dialogue\.persona"):
        load_persona(tmp_path / "nobody.yaml")


@pytest.mark.parametrize("name", ["tutor", "writer"])
def test_the_examples_can_be_read(name: str) -> None:
    from bot.examples_folder import example_folder

    persona = load_persona(example_folder(name))
    assert persona.instructions_for("zh") != persona.instructions_for("en")
