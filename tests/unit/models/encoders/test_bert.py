"""The compact pass gives what transformers' own does, for each model that it takes, and leaves the others alone."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.encoders.bert import load_bert, read_shape
from models.encoders.forward import Rows
from models.encoders.layout import EncoderLayout, read_layout
from models.encoders.loading import load_forward
from models.encoders.padded import PaddedForward
from tests.support.tiny_models import build_tiny_bert

# Of one length and of others, and 0 in the midst, which is the padding's own token.
ROWS = [[2, 3], [2, 9, 3], [2, 10, 3], [2, 4, 0, 5, 6, 3], [2, *range(4, 60), 3]]


def build(folder: Path, kind: str, pooling: str = "mean") -> Path:
    build_tiny_bert(folder, pooling=pooling)
    if kind != "bert":
        from transformers import AutoConfig, AutoModel

        config = json.loads((folder / "config.json").read_text("utf-8"))
        for name in ("model_type", "architectures", "transformers_version"):
            config.pop(name)
        torch.manual_seed(1)
        AutoModel.from_config(AutoConfig.for_model(kind, **config)).save_pretrained(folder)
    return folder


def exactly(layout: EncoderLayout, dtype: torch.dtype, rows: Rows) -> np.ndarray:
    return next(PaddedForward(layout, dtype, torch.device("cpu"))([rows]))


def compactly(layout: EncoderLayout, dtype: torch.dtype, rows: Rows) -> np.ndarray:
    shape = read_shape(layout.folder)
    assert shape is not None
    return load_bert(layout, shape, dtype)(rows)


def change(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_it_equals_transformers(tmp_path: Path, kind: str, pooling: str) -> None:
    layout = read_layout(build(tmp_path / "tiny", kind, pooling))
    assert layout.pooling == pooling
    assert compactly(layout, torch.float32, ROWS) == pytest.approx(exactly(layout, torch.float32, ROWS), abs=2e-6)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_bf16_is_as_near_to_the_exact_vectors_as_transformers_is(tmp_path: Path, kind: str, pooling: str) -> None:
    layout = read_layout(build(tmp_path / "tiny", kind, pooling))
    random = np.random.default_rng(0)
    rows = [[2, *random.integers(4, 60, length).tolist(), 3] for length in range(2, 60)]
    exact = exactly(layout, torch.float32, rows)
    theirs, ours = exactly(layout, torch.bfloat16, rows), compactly(layout, torch.bfloat16, rows)
    away = [np.median(1 - (vectors * exact).sum(1)) for vectors in (theirs, ours)]
    assert away[1] <= 1.5 * away[0]


def test_weights_that_cannot_be_packed_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = read_layout(build(tmp_path / "tiny", "bert"))
    packed = compactly(layout, torch.bfloat16, ROWS)
    monkeypatch.setattr("models.encoders.bert.can_pack", lambda: False)
    plain = compactly(layout, torch.bfloat16, ROWS)
    assert (packed * plain).sum(1).min() >= 0.9995


def test_names_with_the_models_own_before_them_are_found(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = build(tmp_path / "tiny", "bert")
    before = compactly(read_layout(folder), torch.float32, ROWS)
    path = folder / "model.safetensors"
    save_file({f"bert.{name}": weight for name, weight in load_file(path).items()}, path, {"format": "pt"})
    assert np.array_equal(compactly(read_layout(folder), torch.float32, ROWS), before)


@pytest.mark.parametrize(
    "other",
    [
        {"model_type": "distilbert"},
        {"hidden_act": "relu"},
        {"position_embedding_type": "relative_key"},
        {"is_decoder": True},
        {"quantization_config": {"quant_method": "x"}},
        {"model_type": "roberta", "pad_token_id": None},
    ],
)
def test_other_models_are_left_to_transformers(tmp_path: Path, other: dict[str, Any]) -> None:
    folder = build(tmp_path / "tiny", "bert")
    change(folder, **other)
    assert read_shape(folder) is None


def test_weights_of_other_names_are_left_to_transformers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = build(tmp_path / "tiny", "bert")
    path = folder / "model.safetensors"
    older = {name.replace("Norm.weight", "Norm.gamma"): weight for name, weight in load_file(path).items()}
    save_file(older, path, metadata={"format": "pt"})
    layout, shape = read_layout(folder), read_shape(folder)
    assert shape is not None
    with pytest.raises(KeyError):
        load_bert(layout, shape, torch.float32)
    with caplog.at_level(logging.WARNING):
        assert isinstance(load_forward(layout, "cpu", "float32", None), PaddedForward)
    assert "is no plain BERT (KeyError)" in caplog.text
