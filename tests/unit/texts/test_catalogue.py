"""Every sentence that a visitor can see is there in both languages, with the same places to fill."""

from __future__ import annotations

import ast

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, VariableReference
from fluent.syntax.visitor import Visitor

from bot.texts.catalogue import FOLDER, FluentTexts, available_languages
from retrieval.refusals import SENTENCES


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: VariableReference) -> None:  # noqa: N802 - the library's name
        self.names.add(node.id.name)


def messages(language: str) -> dict[str, set[str]]:
    """Each message's id with the names of its variables; no id stands in two files."""
    found: dict[str, set[str]] = {}
    for file in sorted((FOLDER / language).glob("*.ftl")):
        for entry in FluentParser().parse(file.read_text(encoding="utf-8")).body:
            assert type(entry).__name__ != "Junk", entry
            if isinstance(entry, Message):
                assert entry.id.name not in found, f"{entry.id.name} stands twice"
                variables = _Variables()
                variables.visit(entry)
                found[entry.id.name] = variables.names
    return found


def test_both_languages_say_the_same_things() -> None:
    assert set(available_languages()) >= {"en", "zh"}
    assert messages("en") == messages("zh")


def test_every_id_in_the_code_is_there() -> None:
    known = messages("en")
    root = FOLDER.parent
    used = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                used |= {
                    k.value.value for k in node.keywords if k.arg == "text_id" and isinstance(k.value, ast.Constant)
                }
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"texts", "_texts"} and node.args and isinstance(node.args[0], ast.Constant):
                    used.add(node.args[0].value)
    assert len(used) > 20
    assert used <= set(known)


def test_every_reason_why_a_file_is_refused_is_there_and_says_the_same_in_english() -> None:
    for code, sentence in SENTENCES.items():
        names = messages("en")[f"refused-{code}"]
        values = {name: f"<{name}>" for name in names}
        assert FluentTexts()(f"refused-{code}", "en", **values) == sentence.format(**values)
        assert FluentTexts()(f"refused-{code}", "zh", **values) != sentence.format(**values)


def test_an_unknown_language_is_served_in_english() -> None:
    assert FluentTexts()("greeting", "fr") == FluentTexts()("greeting", "en")


def test_an_unknown_id_is_a_mistake_in_the_code() -> None:
    with pytest.raises(KeyError):
        FluentTexts()("no-such-sentence", "en")


def test_values_are_put_in_without_marks_around_them() -> None:
    assert (
        FluentTexts()("unknown-command", "en", name="x")
        == "I don't know the command /x. /help lists those that I know."
    )
