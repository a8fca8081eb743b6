"""`parley chat` with piped input, and Ctrl-C while an answer is written."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, Parley
from tests.support.history import history, rows, turn_states

KNOWN = "How long does a refund take?"
ANSWER = "The refund is paid within 5 working days."


@pytest.mark.usefixtures("shop")
def test_a_pipe_gets_a_turn_a_line_plain_until_the_end(parley: Parley, settings: Path) -> None:
    done = parley("chat", stdin=f"{KNOWN}\n\n怎么开发票？")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    first, second = done.out.strip().split("\n\n")
    assert first.splitlines()[0] == ANSWER
    assert "[refund-time]" in first
    assert second.startswith("在订单页面")
    assert turn_states(settings) == ["answered", "answered"]


@pytest.mark.usefixtures("shop")
def test_the_chats_own_commands(parley: Parley) -> None:
    done = parley("chat", stdin="/help\n/quit\nnever asked\n")
    assert done.code == 0
    assert all(f"/{name}" in done.out for name in ("ask", "translate", "sentiment", "summarise", "new", "quit"))
    assert "never asked" not in done.out


@pytest.mark.usefixtures("shop")
def test_a_named_conversation_goes_on_and_a_new_one_begins(parley: Parley, settings: Path) -> None:
    assert parley("chat", "--conversation", "console:x", stdin=f"{KNOWN}\n").code == 0
    assert parley("chat", "--conversation", "console:x", stdin=f"When is the shop open?\n/new\n{KNOWN}\n").code == 0
    assert [text for role, text in history(settings, "console:x") if role == "user"] == [
        KNOWN,
        "When is the shop open?",
    ]
    assert len(rows(settings, "SELECT DISTINCT conversation_id FROM turns")) == 2


@pytest.mark.usefixtures("shop")
def test_bad_lines_are_told_and_the_chat_goes_on(parley: Parley) -> None:
    done = parley("chat", stdin=b"x" * 100_000 + b"\n\x00\x07\n\xff\xfe\n" + KNOWN.encode() + b"\n")
    assert done.code == 2, "as `ask -` ends"
    assert "too long" in done.out
    assert ANSWER in done.out
    assert "Traceback" not in done.err


class Talk:
    """The command in a process of its own, to be interrupted as a terminal would."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())

    def wait_for_output(self, seconds: float = 60) -> bytes:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return os.read(self.process.stdout.fileno(), 65536) if ready else b""

    def interrupt(self) -> tuple[int, str, str]:
        """Ctrl-C; gives the exit code and what came on both outputs."""
        self.process.send_signal(signal.SIGINT)
        # Standard input stays open: nothing but the signal may end the command.
        self.process.wait(60)
        out, err = self.process.communicate()
        return self.process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def end(self) -> None:
        """Leave nothing behind, however the test went."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def talk(settings: Path) -> Iterator[Callable[..., Talk]]:
    """Starts the command; what is still running at the test's end is ended."""
    talks: list[Talk] = []

    def start(*arguments: str) -> Talk:
        talks.append(Talk(*arguments))
        return talks[-1]

    yield start
    for each in talks:
        each.end()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.05)


@pytest.mark.usefixtures("shop")
def test_ctrl_c_stops_the_answer_and_keeps_the_turn_as_interrupted(
    settings: Path, talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__MAX_NEW_TOKENS", "8000")
    chat = talk("chat", "--conversation", "console:x")
    chat.say(f"{KNOWN}\n/chat tell me everything\n")
    written = b""
    while len(written.partition(b"1.00\n\n")[2]) < 20:  # the second answer has begun
        piece = chat.wait_for_output()
        assert piece, written
        written += piece
    code, _, err = chat.interrupt()
    assert code == 130
    assert "Traceback" not in err
    assert turn_states(settings) == ["answered", "interrupted"]
    said = history(settings, "console:x")
    assert said[:2] == [("user", KNOWN), ("assistant", ANSWER)]
    assert said[2] == ("user", "/chat tell me everything")
    assert said[3][1], "what was written until then is kept"


@pytest.mark.usefixtures("shop")
def test_ctrl_c_while_a_single_answer_is_written(
    settings: Path, talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__MAX_NEW_TOKENS", "8000")
    answer = talk("ask", "/chat tell me everything", "--json")
    wait_until(lambda: turn_states(settings) == ["working"])
    code, out, err = answer.interrupt()
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert turn_states(settings) == ["interrupted"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", [["chat"], ["ask", "-"]], ids=["chat", "ask"])
def test_ctrl_c_while_the_next_line_is_awaited(settings: Path, talk: Callable[..., Talk], words: list[str]) -> None:
    asking = talk(*words)
    asking.say(f"{KNOWN}\n")
    assert ANSWER.encode() in asking.wait_for_output()
    wait_until(lambda: turn_states(settings) == ["answered"])  # shown first, kept a moment later
    code, _, err = asking.interrupt()
    assert code == 130
    assert err == ""
    assert turn_states(settings) == ["answered"]
