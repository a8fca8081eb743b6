"""Files that people send: their names, and how long they are kept."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import files as module
from bot.delivery.files import KEPT, IncomingFiles, safe_name
from tests.support.channel_harness import poll


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("faq.md", "faq.md"),
        ("价格表.xlsx", "价格表.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\list.csv", "list.csv"),
        ("a\nb\x00c.txt", "a bc.txt"),
        ("", "file"),
        ("..", "file"),
        ("...", "file"),
        (".md", "md"),
    ],
)
def test_a_name_is_a_files_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(), max_size=400))  # with lone surrogates, which no file system takes
def test_any_name_can_be_written(name: str) -> None:
    safe = safe_name(name)
    assert safe not in {"", ".", ".."}
    assert not set(safe) & set("/\\\0\n")
    assert len(safe.encode()) <= 210


@pytest.mark.parametrize("name", ["notes.md", "../../etc/passwd", "a\\b.txt", "", "..", "x" * 300 + ".md", "好\0.md"])
async def test_a_file_stays_in_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    files = IncomingFiles(tmp_path / "incoming")
    one, two = [await files.keep(name, b"text", "text/plain; charset=utf-8") for _ in range(2)]
    assert _lies_in(tmp_path / "incoming", one.path)
    assert (one.name, one.size, one.media_type) == (safe_name(name), 4, "text/plain")
    assert Path(one.path).parent != Path(two.path).parent


async def test_what_is_not_needed_is_discarded(tmp_path: Path) -> None:
    files = IncomingFiles(tmp_path)
    kept, other = await files.keep("a.md", b"a"), await files.keep("b.md", b"b")
    await files.discard([kept])
    await files.discard([kept])  # it is gone already
    assert (_there(kept.path), _there(other.path)) == (False, True)


async def test_what_is_more_than_a_day_old_is_swept_away(tmp_path: Path) -> None:
    files = IncomingFiles(tmp_path / "incoming")
    await files.sweep()  # there is no folder yet
    old, new = await files.keep("old.md", b"x"), await files.keep("new.md", b"x")
    _age(old.path, KEPT + 60)
    _age(new.path, KEPT - 60)
    await files.sweep()
    assert (_there(old.path), _there(new.path)) == (False, True)


async def test_sweeping_goes_on_while_the_channel_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.001)
    files = IncomingFiles(tmp_path)
    sweeping = asyncio.create_task(files.keep_swept())
    for name in ("first.md", "second.md"):
        kept = await files.keep(name, b"x")
        _age(kept.path, KEPT + 60)
        await poll(partial(_gone, kept.path))
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping


def _lies_in(folder: Path, path: str) -> bool:
    return Path(path).read_bytes() == b"text" and Path(path).resolve().parent.parent == folder.resolve()


def _there(path: str) -> bool:
    return Path(path).parent.exists()


def _gone(path: str) -> bool:
    return not _there(path)


def _age(path: str, seconds: float) -> None:
    folder = Path(path).parent
    made = folder.stat().st_mtime - seconds
    os.utime(folder, (made, made))
