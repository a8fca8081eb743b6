"""The encoder against a plain transformers pass; its limits, prefixes and blindness."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from models.encoders.transformer_encoder import TransformerEncoder
from models.errors import InvalidWeights
from tests.support.tiny_models import build_tiny_bert

TEXTS = ["the quick brown fox", "good", "a bad dog jumps over the lazy fox, quick quick quick", "brown"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_bert(tmp_path_factory.mktemp("encoder") / "tiny")


def plain(folder: Path, text: str, pooling: str) -> np.ndarray:
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(16)
    with torch.no_grad():
        states = BertModel.from_pretrained(folder)(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0]
    vector = {"mean": states.mean(0), "cls": states[0], "lasttoken": states[-1]}[pooling]
    return (vector / vector.norm()).numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken"])
def test_vectors_equal_a_plain_pass(tmp_path: Path, pooling: str) -> None:
    folder = build_tiny_bert(tmp_path / "tiny", pooling=pooling)
    if pooling == "lasttoken":
        modes = {"pooling_mode_lasttoken": True, "pooling_mode_mean_tokens": False}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    vectors = TransformerEncoder(folder, device="cpu", dtype="float32").embed(TEXTS)
    assert vectors.shape == (4, 32) and vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector == pytest.approx(plain(folder, text, pooling), abs=1e-5)


def test_bf16_stays_within_the_bound(folder: Path) -> None:
    exact = TransformerEncoder(folder, dtype="float32", device="cpu").embed(TEXTS)
    rounded = TransformerEncoder(folder, dtype="bfloat16", device="cpu").embed(TEXTS)
    assert (exact * rounded).sum(1).min() >= 0.999


def test_order_and_company_change_nothing(folder: Path) -> None:
    encoder = TransformerEncoder(folder, dtype="float32", device="cpu")
    together = encoder.embed(TEXTS * 5)
    for text, vector in zip(TEXTS * 5, together, strict=True):
        assert vector == pytest.approx(encoder.embed([text])[0], abs=1e-5)


def test_what_it_cannot_read_is_zero(folder: Path) -> None:
    vectors = TransformerEncoder(folder).embed(["", "  ", "你好", "good 你好", "\ud800"])  # the last becomes "?"
    assert vectors.any(axis=1).tolist() == [False, False, False, True, True]
    assert TransformerEncoder(folder).embed([]).shape == (0, 32)


def test_a_long_text_counts_up_to_the_limit(folder: Path) -> None:
    encoder = TransformerEncoder(folder, dtype="float32")
    long, longer = encoder.embed(["fox " * 14, "fox " * 500])
    assert long == pytest.approx(longer, abs=1e-6)


def test_prefixes_come_from_the_caller_or_the_folder(tmp_path: Path) -> None:
    folder = build_tiny_bert(tmp_path / "tiny")
    plain_ = TransformerEncoder(folder).embed(["quick fox"])
    given = TransformerEncoder(folder, query_prefix="quick ")
    assert given.embed(["fox"], "query") == pytest.approx(plain_, abs=1e-6)
    assert given.embed(["fox"]) != pytest.approx(plain_, abs=1e-6)
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "quick "}}')
    assert TransformerEncoder(folder).embed(["fox"], "query") == pytest.approx(plain_, abs=1e-6)


def test_several_threads_get_the_same(folder: Path) -> None:
    encoder = TransformerEncoder(folder)
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(encoder.embed(TEXTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.allclose(result, results[0], atol=1e-6) for result in results) and len(results) == 4


def test_a_part_that_parley_does_not_have_is_named(tmp_path: Path) -> None:
    folder = build_tiny_bert(tmp_path / "tiny")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    with pytest.raises(InvalidWeights, match="Dense"):
        TransformerEncoder(folder)


def test_a_missing_tokenizer_is_said(tmp_path: Path) -> None:
    folder = build_tiny_bert(tmp_path / "tiny")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InvalidWeights, match="tokenizer"):
        TransformerEncoder(folder)


def test_a_closed_encoder_loads_again(folder: Path) -> None:
    encoder = TransformerEncoder(folder)
    before = encoder.embed(TEXTS)
    encoder.close()
    assert encoder.embed(TEXTS) == pytest.approx(before, abs=1e-6)
