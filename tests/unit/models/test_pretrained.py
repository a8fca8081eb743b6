"""Folders that lack tensors: every loader refuses them, and so does the look at their headers alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

from models.encoders.layout import read_layout
from models.encoders.padded import PaddedForward
from models.encoders.transformer_encoder import TransformerEncoder
from models.engines.loading import load_causal, load_generator
from models.engines.paged.loading import load_for_pages
from models.errors import InvalidWeights
from models.folders import write_manifest
from models.pretrained import POOLERS, check_tensors, load_tokenizer
from models.tasks.classifiers import ClassifierSentiment
from models.tasks.rerank import CrossEncoderReranker
from models.tasks.seq2seq import Seq2SeqTranslator
from models.types import NOBODY
from tests.support.tiny_marian import build_tiny_marian
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama, without_tensors

HALF = r"lacks \d+ of its tensors \(.*\w\.\w+, …\).*Copy it anew"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whole folders, and halves of them."""
    home = tmp_path_factory.mktemp("models")
    build_tiny_llama(home / "llama")
    build_tiny_llama(home / "tied", tie_word_embeddings=True)
    build_tiny_bert(home / "bert")
    build_tiny_bert(home / "judge", classes=("negative", "positive"))
    build_tiny_marian(home / "marian", steps=1)
    for name in ("llama", "tied", "bert", "judge", "marian"):
        without_tensors(home / name, home / f"{name}-half")
    return home


@pytest.mark.parametrize("name", ["llama-half", "tied-half"])
def test_a_generator_without_half_of_its_tensors_is_refused(home: Path, name: str) -> None:
    loads: list[Callable[[], object]] = [
        lambda: load_generator(home / name, "cpu", "auto", None),
        lambda: load_causal(home / name, "cpu", "float32", None),
        lambda: load_for_pages(home / name, "cpu", "float32", "none", {}),
    ]
    for load in loads:
        with pytest.raises(InvalidWeights, match=HALF):
            load()


async def test_the_models_of_tasks_without_half_of_their_tensors_are_refused(home: Path) -> None:
    with pytest.raises(InvalidWeights, match=HALF):
        TransformerEncoder(home / "bert-half", device="cpu").embed(["the quick fox"])
    with pytest.raises(InvalidWeights, match=HALF):
        CrossEncoderReranker(home / "judge-half", device="cpu").score("fox", ["dog"])
    with pytest.raises(InvalidWeights, match=HALF):
        await ClassifierSentiment(home / "judge-half", device="cpu").judge(["good"])
    with pytest.raises(InvalidWeights, match=HALF):
        translator = Seq2SeqTranslator(home / "marian-half", pairs=["zh-en"], device="cpu")
        await translator.translate_units(["你好。"], "zh", "en", {}, NOBODY)


async def test_a_model_that_was_made_for_another_task_is_refused(home: Path) -> None:
    """Its judging part would be made up at random."""
    with pytest.raises(InvalidWeights, match=r"lacks 1 of its tensors \(score\.weight\).*made for another task"):
        CrossEncoderReranker(home / "llama", device="cpu").score("fox", ["dog"])
    with pytest.raises(InvalidWeights, match=r"classifier\.bias, classifier\.weight"):
        await ClassifierSentiment(home / "bert", device="cpu").judge(["good"])


def test_an_embedder_may_lack_the_pooler_that_it_does_not_use(home: Path, tmp_path: Path) -> None:
    folder = without_tensors(home / "bert", tmp_path / "no-pooler", "pooler")
    rows = [[2, 5, 6, 3]]
    same, other = (
        next(PaddedForward(read_layout(one), torch.float32, torch.device("cpu"))([rows]))
        for one in (home / "bert", folder)
    )
    assert (same == other).all()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (AutoModelForCausalLM, "llama"),
        (AutoModelForCausalLM, "tied"),
        (AutoModel, "bert"),
        (AutoModelForSequenceClassification, "judge"),
        (AutoModelForSeq2SeqLM, "marian"),
    ],
)
def test_the_headers_tell_the_same(home: Path, kind: Any, name: str) -> None:
    check_tensors(kind, home / name, unused=POOLERS)
    with pytest.raises(InvalidWeights, match=HALF):
        check_tensors(kind, home / f"{name}-half", unused=POOLERS)


def test_the_headers_tell_of_a_part_that_a_task_needs_and_of_other_sizes(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match=r"score\.weight"):
        check_tensors(AutoModelForSequenceClassification, home / "llama")
    other = without_tensors(home / "llama", tmp_path / "wider", "none of them")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(InvalidWeights, match="cannot be loaded"):
        check_tensors(AutoModelForCausalLM, other)


def test_an_unknown_architecture_is_told(home: Path, tmp_path: Path) -> None:
    """Code that a folder brings along is not run."""
    folder = without_tensors(home / "llama", tmp_path / "own-code", "none of them")
    own = {"model_type": "ours", "auto_map": {"AutoModelForCausalLM": "ours.Ours", "AutoConfig": "ours.OursConfig"}}
    (folder / "config.json").write_text(json.dumps(own))
    (folder / "ours.py").write_text("raise SystemExit")
    with pytest.raises(InvalidWeights, match="architecture is unknown"):
        check_tensors(AutoModelForCausalLM, folder)


def test_a_tokenizer_of_nothing_but_special_tokens_is_none(home: Path, tmp_path: Path) -> None:
    folder = without_tensors(home / "judge", tmp_path / "wordless", "none of them")
    assert len(load_tokenizer(folder)) > 5
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InvalidWeights, match=r"tokenizer of 'wordless' is missing or damaged\. Copy it anew"):
        load_tokenizer(folder)


def test_what_parley_fetched_can_be_fetched_anew(home: Path, tmp_path: Path) -> None:
    folder = without_tensors(home / "llama", tmp_path / "fetched")
    write_manifest(folder, "hub nobody/nothing revision main")
    with pytest.raises(InvalidWeights, match="Fetch or copy it anew"):
        load_causal(folder, "cpu", "float32", None)
