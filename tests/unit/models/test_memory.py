"""Memory: what is free within a container, and what is said of a generator that does not fit before it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import memory
from models.errors import EngineFailed
from models.memory import available_bytes, cache_bytes, check_memory, weight_bytes
from tests.support.tiny_models import build_tiny_llama


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container's figures: 300 MB at most, of which 100 MB are taken and 150 MB are files'."""
    (tmp_path / "memory.max").write_text("300000000\n")
    (tmp_path / "memory.stat").write_text("anon 100000000\nfile 150000000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    return tmp_path


def test_what_is_free_is_what_the_container_leaves(container: Path) -> None:
    assert available_bytes() == 200_000_000
    assert cache_bytes() == 64 << 20
    (container / "memory.max").write_text("max\n")
    assert available_bytes() > 200_000_000


def test_a_generator_that_does_not_fit_is_said_before_it_is_loaded(container: Path, tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "tiny")
    assert weight_bytes(folder, "float32") == 2 * weight_bytes(folder, "bfloat16") > 0
    with pytest.raises(EngineFailed, match=r"'tiny' needs about 200 MB of memory, and 200 MB are free.*None that"):
        check_memory(folder, "bfloat16")
    (container / "memory.stat").write_text("anon 0\n")
    check_memory(folder, "bfloat16")


def test_what_would_fit_is_named(container: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_tiny_llama(tmp_path / "tiny")
    monkeypatch.setattr(memory, "available_bytes", lambda: 2_000_000_000)
    monkeypatch.setattr(memory, "weight_bytes", lambda folder, kind: 9_000_000_000)
    with pytest.raises(EngineFailed, match=r"These fit: qwen3-0_6b \(1\.8 GB\), smollm2"):
        check_memory(folder, "bfloat16")
