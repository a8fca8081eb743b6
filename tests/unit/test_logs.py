"""The log: where it goes, and that no secret gets in."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs
from bot.errors import SettingsError
from bot.settings import load_settings

TELEGRAM_TOKEN = "123456789:" + "AbCdEfGhIj" * 3 + "Klmno"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    yield
    logs.shutdown()


def written(home: Path, level: str = "info", debug: bool = False) -> Path:
    settings = load_settings(env={"PARLEY_HOME": str(home), "PARLEY_LOG__LEVEL": level})
    logs.configure(settings, debug)
    return settings.log_file


def test_entries_go_to_the_file_and_not_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    logging.getLogger("bot.test").warning("turn %d took long", 7)
    assert "turn 7 took long" in path.read_text("utf-8")
    assert capsys.readouterr() == ("", "")


def test_debug_shows_warnings_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, debug=True)
    logging.getLogger("bot.test").info("quiet")
    logging.getLogger("bot.test").warning("loud")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "loud" in captured.err
    assert "quiet" not in captured.err


def test_the_level_holds_and_noisy_libraries_are_quiet(tmp_path: Path) -> None:
    path = written(tmp_path, level="info")
    logging.getLogger("bot.test").debug("detail")
    logging.getLogger("httpx").info("GET something")
    logging.getLogger("bot.test").info("kept")
    text = path.read_text("utf-8")
    assert "kept" in text
    assert "detail" not in text
    assert "GET" not in text


def test_secrets_are_masked_in_arguments_and_tracebacks(tmp_path: Path) -> None:
    path = written(tmp_path)
    url = "postgresql+psycopg://me:hunter2@db/parley"
    try:
        raise RuntimeError(f"cannot reach {url}")
    except RuntimeError:
        logging.getLogger("bot.test").exception("token %s", TELEGRAM_TOKEN)
    text = path.read_text("utf-8")
    assert "cannot reach postgresql+psycopg://me:***@db/parley" in text
    assert "hunter2" not in text
    assert TELEGRAM_TOKEN not in text


def test_configuring_twice_writes_once(tmp_path: Path) -> None:
    written(tmp_path)
    path = written(tmp_path)
    logging.getLogger("bot.test").warning("once")
    assert path.read_text("utf-8").count("once") == 1


def test_warnings_of_libraries_go_to_the_file(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        path = written(tmp_path)
        warnings.warn("old parameter", UserWarning, stacklevel=1)
        logs.shutdown()
    assert "old parameter" in path.read_text("utf-8")


def test_a_log_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in the way")
    with pytest.raises(SettingsError, match=r"set PARLEY_HOME or log\.file"):
        written(tmp_path)


def test_the_log_may_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load_settings(env={"PARLEY_LOG__FILE": "/dev/stderr"}), debug=True)
    logging.getLogger("bot.test").warning("token %s", TELEGRAM_TOKEN)
    logs.shutdown()
    said = capsys.readouterr().err
    assert said.count("WARNING bot.test") == 1
    assert TELEGRAM_TOKEN not in said
