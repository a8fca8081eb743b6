"""Standard input, line by line."""

from __future__ import annotations

import sys
from contextlib import aclosing
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.lines import standard_input_lines, standard_input_text


def filled(path: Path, data: bytes) -> TextIO:
    path.write_bytes(data)
    return path.open(encoding="utf-8")


async def read(path: Path, data: bytes, most: int = 10_000) -> list[str]:
    found: list[str] = []
    with filled(path, data) as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", file)
        async with aclosing(standard_input_lines()) as lines:
            async for line in lines:
                found.append(line)
                if len(found) == most:
                    break
    return found


async def test_lines_come_without_their_ends(tmp_path: Path) -> None:
    assert await read(tmp_path / "in", b"\xef\xbb\xbfone\r\n\ntwo\nthree") == ["one", "", "two", "three"]


async def test_broken_utf8_is_replaced(tmp_path: Path) -> None:
    assert await read(tmp_path / "in", b"a\xffb\n\xe4\xbd") == ["a\ufffdb", "\ufffd"]


async def test_a_reader_may_stop_early_and_many_lines_wait_their_turn(tmp_path: Path) -> None:
    data = b"line\n" * 5000
    assert len(await read(tmp_path / "in", data)) == 5000
    assert await read(tmp_path / "in", data, most=2) == ["line", "line"]


@given(
    st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"]), max_size=20))
)
async def test_every_line_arrives(tmp_path: Path, lines: list[str]) -> None:
    assert await read(tmp_path / "in", "".join(f"{line}\n" for line in lines).encode()) == lines


def test_the_whole_text_is_read_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").write_bytes("你好\nworld".encode())
    with (tmp_path / "in").open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert standard_input_text(limit=8) == "你好\nw"
