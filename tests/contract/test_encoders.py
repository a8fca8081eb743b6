"""What every encoder promises, over the compact pass, transformers' own, and a server's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.encoders.bert import read_shape
from models.encoders.remote_encoder import RemoteEncoder
from models.encoders.transformer_encoder import TransformerEncoder
from models.engines.remote.server import Server
from models.ports import Encoder
from tests.support.model_server import ModelServer, both, in_thread, says
from tests.support.tiny_models import build_tiny_bert

TEXTS = ["the quick brown fox", "good", "a bad dog jumps over the lazy fox, quick quick", "brown dog", "fox 3, dog 1."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_bert(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(params=["compact", "compact float32", "transformers", "server"])
def encoder(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Encoder]:
    if request.param == "server":
        with in_thread(ModelServer(both(says("")))) as server:
            remote = RemoteEncoder(Server("vectors", (server.url,), "bge-m3"))
            yield remote
            remote.close()
    elif request.param == "transformers":
        other = build_tiny_bert(tmp_path / "other")
        config = json.loads((other / "config.json").read_text("utf-8"))
        (other / "config.json").write_text(json.dumps({**config, "hidden_act": "gelu_new"}), "utf-8")
        assert read_shape(other) is None
        yield TransformerEncoder(other, device="cpu", dtype="float32")
    else:
        assert read_shape(folder) is not None
        yield TransformerEncoder(folder, device="cpu", dtype="float32" if "float32" in request.param else "bfloat16")


def test_rows_have_length_one_and_the_right_shape(encoder: Encoder) -> None:
    vectors = encoder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_nothing_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, encoder.dimension)


def test_a_text_without_a_sign_is_zero(encoder: Encoder) -> None:
    vectors = encoder.embed(["", "good", " \n\t"])
    assert vectors.any(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("use", ["query", "passage"])
def test_any_text_can_be_embedded(encoder: Encoder, use: str) -> None:
    odd = ["退货要多久?", "fox 狐狸", "\ud800", "good \udfff", "👩‍👩‍👧", "\x00", "<pad> [PAD]", "fox " * 5000]
    vectors = encoder.embed(odd, use)  # type: ignore[arg-type]
    assert vectors.shape == (len(odd), encoder.dimension) and np.isfinite(vectors).all()


def test_company_and_order_change_nothing(encoder: Encoder) -> None:
    texts = [*TEXTS, *(" ".join(TEXTS[: n % 5 + 1]) + " fox" * n for n in range(200))]
    together = encoder.embed(texts)
    backwards = encoder.embed(texts[::-1])[::-1]
    assert (together * backwards).sum(1).min() >= 0.9999
    for index in (0, 1, 2, 3, 4, 100, 204):
        assert float(together[index] @ encoder.embed([texts[index]])[0]) >= 0.9999


def test_several_threads_get_the_same(encoder: Encoder) -> None:
    alone = encoder.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.embed(TEXTS), range(8)):
            assert (vectors * alone).sum(1).min() >= 0.9999


def test_it_says_what_it_is(encoder: Encoder) -> None:
    assert encoder.name and encoder.dimension > 0 and encoder.languages
