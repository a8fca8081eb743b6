"""`parley chat` in a real terminal: a pty, keys in, what shows out."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT
from tests.support.history import turn_states

KNOWN = "How long does a refund take?"
ANSWER = "The refund is paid within 5 working days."
CTRL_C, CTRL_D, UP, ENTER = "\x03", "\x04", "\x1b[A", "\r"


class Terminal:
    """The command on a terminal of 100 columns; `shows` waits until something was written since the last look."""

    def __init__(self, *words: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._unseen = ""

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, text: str, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while text not in self._unseen:
            ready, _, _ = select.select([self._master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} was not shown, but {self._unseen!r}"
            piece = os.read(self._master, 65536).decode("utf-8", "replace")
            if "\x1b[6n" in piece:  # it asks where the cursor stands
                self.press("\x1b[1;1R")
            self._unseen += piece
        before, _, self._unseen = self._unseen.partition(text)
        return before

    @property
    def rest(self) -> str:
        """What was written since the last look."""
        return self._unseen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def code(self) -> int:
        """The exit code, once it has ended; what it still writes is read meanwhile."""
        while self.process.poll() is None:
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                try:
                    self._unseen += os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:  # it has closed its end
                    break
        return self.process.wait(60)


@pytest.fixture
def terminal(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("PARLEY_MODELS__MAX_NEW_TOKENS", "8000")
    started = Terminal("chat")
    yield started
    started.close()


def test_a_question_is_answered_and_ctrl_d_ends(terminal: Terminal, settings: Path) -> None:
    terminal.shows("documents")
    terminal.shows("you ›")
    terminal.press(KNOWN + ENTER)
    terminal.shows(ANSWER)
    terminal.shows("[refund-time]")
    terminal.press("怎么开发票？" + ENTER)
    terminal.shows("在订单页面点击")
    terminal.shows("you ›")
    terminal.press(CTRL_D)
    assert terminal.code() == 0, terminal.rest
    assert turn_states(settings) == ["answered", "answered"]
    assert (settings / "chat-history").stat().st_mode & 0o077 == 0, "what was typed is for its owner alone"


def test_forgetting_empties_the_lines_that_were_typed(terminal: Terminal, settings: Path) -> None:
    terminal.shows("you ›")
    terminal.press(KNOWN + ENTER)
    terminal.shows(ANSWER)
    terminal.shows("you ›")
    terminal.press("/forget yes" + ENTER)
    terminal.shows("I have deleted")
    terminal.shows("you ›")
    assert (settings / "chat-history").read_text("utf-8") == ""
    terminal.press(UP + ENTER + "/help" + ENTER)
    assert ANSWER not in terminal.shows("/privacy"), "the arrow key brought back what was forgotten"
    terminal.shows("you ›")
    terminal.press(CTRL_D)
    assert terminal.code() == 0, terminal.rest
    assert KNOWN not in (settings / "chat-history").read_text("utf-8")
    assert (settings / "chat-history").stat().st_mode & 0o077 == 0


def test_a_first_question_is_chosen_by_number_and_tab_completes_a_command(terminal: Terminal) -> None:
    terminal.shows("  1. ")
    title = terminal.shows("\r\n").removeprefix("\x1b[0m")
    terminal.shows("you ›")
    terminal.press("1" + ENTER)
    terminal.shows(f"[1] {title}")
    terminal.shows("you ›")
    terminal.press("/priv\t" + ENTER)
    terminal.shows("What I keep")
    terminal.shows("you ›")
    terminal.press(CTRL_D)
    assert terminal.code() == 0, terminal.rest


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(terminal: Terminal, settings: Path) -> None:
    terminal.shows("you ›")
    terminal.press("/chat tell me everything" + ENTER)
    while turn_states(settings) != ["working"]:
        time.sleep(0.05)
    terminal.press(CTRL_C)
    terminal.shows("(stopped)")
    terminal.shows("you ›")
    terminal.press("half a line" + CTRL_C)
    terminal.shows("you ›")
    terminal.press(KNOWN + ENTER)
    terminal.shows(ANSWER)
    terminal.shows("you ›")
    terminal.press(UP + ENTER)
    terminal.shows(ANSWER)
    terminal.shows("you ›")
    terminal.press("/quit" + ENTER)
    assert terminal.code() == 0, terminal.rest
    assert turn_states(settings) == ["interrupted", "answered", "answered"]
