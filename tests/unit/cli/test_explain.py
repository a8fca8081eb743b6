"""Every error that reaches the command is one sentence with an exit code."""

from __future__ import annotations

import errno

import pytest

from bot import errors
from bot.cli.explain import explain
from models.errors import ModelError, WeightsUnavailable
from retrieval.errors import EvaluationError, RetrievalError, SnapshotError, UnreadableDocument


def parleys_own() -> list[type[errors.ParleyError]]:
    found, left = [], [errors.ParleyError]
    while left:
        kind = left.pop()
        found.append(kind)
        left += kind.__subclasses__()
    # A channel's own ones stay inside it, and make their sentence themselves.
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", parleys_own())
def test_parleys_errors_are_said_as_they_are(kind: type[errors.ParleyError]) -> None:
    assert explain(kind("Do this.")) == ("Do this.", kind.exit_code)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WeightsUnavailable("Fetch them."), 6),
        (ModelError("Fetch them."), 6),
        (EvaluationError("Fetch them."), 2),
        (SnapshotError("Fetch them."), 5),
        (RetrievalError("Fetch them."), 5),
    ],
)
def test_the_engines_errors_have_their_codes(error: Exception, code: int) -> None:
    assert explain(error) == ("Fetch them.", code)


def test_a_file_that_cannot_be_read_is_named_with_its_line() -> None:
    assert explain(UnreadableDocument("no-entries", source="faq.csv", line=3)) == (
        "faq.csv, line 3: the file has no FAQ entries.",
        2,
    )


def test_the_disk_and_its_permissions_are_explained() -> None:
    full, code = explain(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    assert ("disk is full" in full, code) == (True, 4)
    denied, code = explain(PermissionError(errno.EACCES, "Permission denied", "/data/x"))
    assert ("/data/x" in denied, "PARLEY_HOME" in denied, code) == (True, True, 4)


def test_the_unexpected_tells_its_kind_but_not_its_words() -> None:
    sentence, code = explain(ValueError("what somebody said"))
    assert code == 1
    assert "ValueError" in sentence
    assert "somebody" not in sentence
