"""The progress bar leaves nothing behind where there is no terminal."""

from __future__ import annotations

import pytest

from bot.cli.progress import weights_progress


def test_a_pipe_gets_no_empty_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with weights_progress("a-model") as progress:
        progress("a-model", 5, 10)
    assert capsys.readouterr().err == ""
