"""Batches side by side: the same vectors in the right places, and torch's number of threads as it was."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from models.encoders.bert import load_bert, read_shape
from models.encoders.layout import read_layout
from models.encoders.loading import load_forward
from models.encoders.transformer_encoder import TransformerEncoder
from models.encoders.workers import SideBySide
from tests.support.tiny_models import build_tiny_bert

ROWS = [[2, *range(4, 4 + length), 3] for length in range(1, 13)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_bert(tmp_path_factory.mktemp("workers") / "tiny")


def test_batches_come_back_in_their_order(folder: Path) -> None:
    layout, shape = read_layout(folder), read_shape(folder)
    assert shape is not None
    alone = load_bert(layout, shape, torch.float32)
    side_by_side = SideBySide(alone, 3)
    assert list(side_by_side([])) == []
    for batches in ([ROWS], [ROWS[:5]], [ROWS[:2], ROWS[2:9], ROWS[9:], ROWS[:1], ROWS[4:6]]):
        for found, rows in zip(side_by_side(batches), batches, strict=True):
            assert found == pytest.approx(alone(rows), abs=1e-6)


def test_a_large_lone_batch_takes_torchs_own_threads_in_one_thread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computing: list[str] = []

    class Noting:
        def multiplications(self, rows: object) -> float:
            return 3e9 * len(list(rows))  # type: ignore[call-overload]

        def __call__(self, rows: object) -> np.ndarray:
            computing.append(f"{threading.current_thread().name.partition('_')[0]} {torch.get_num_threads() == 1}")
            return np.zeros((1, 1))

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        side_by_side = SideBySide(Noting(), 2)  # type: ignore[arg-type]
        for batches in ([[[1]]], [[[1], [2], [3]]], [[[1], [2], [3]], [[4]]]):
            list(side_by_side(batches))
        assert computing == ["encoder True", "encoder-large False", "encoder True", "encoder True"]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_few_tokens_are_dealt_out_to_all_threads_and_many_in_pieces(folder: Path) -> None:
    forward = load_forward(read_layout(folder), "cpu", "float32", None)
    assert isinstance(forward, SideBySide)
    four = SideBySide(forward._inner, 4)
    assert [four.tokens_per_batch(total) for total in (10, 1000, 100_000)] == [128, 250, 512]


def test_the_threads_end_with_the_model(folder: Path) -> None:
    encoder = TransformerEncoder(folder, device="cpu", dtype="float32")
    before = set(threading.enumerate())
    encoder.embed(["fox", "quick fox"])
    started = set(threading.enumerate()) - before
    assert started
    encoder.close()
    for thread in started:
        thread.join(10)
    assert not any(thread.is_alive() for thread in started)
