"""The catalogue: every entry is whole, and a setting finds what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue import FolderSource, GgufSource, HubSource, PackageSource, Task, catalogue, resolve
from models.errors import UnknownModel


def test_every_model_says_its_licence_size_and_source() -> None:
    for name, spec in catalogue().models.items():
        assert spec.name == name
        assert spec.licence and spec.notes and spec.languages and spec.tasks
        assert spec.download_bytes and spec.memory_bytes and spec.disk_bytes


def test_every_profile_has_a_generator_and_an_embedder() -> None:
    for profile in catalogue().profiles.values():
        assert profile.models[Task.GENERATE] and profile.models[Task.EMBED], profile.name


def test_the_embedded_profile_comes_from_the_package_index_alone_and_has_no_translator() -> None:
    profile = catalogue().profile("embedded")
    for names in profile.models.values():
        for name in names:
            source = catalogue().models[name].source
            assert isinstance(source, PackageSource) and len(source.sha256) == 64
    assert profile.models[Task.TRANSLATE] == ()


def test_a_name_a_folder_and_a_hub_repository_are_resolved(tmp_path: Path) -> None:
    assert resolve("all-minilm-l6-v2", Task.EMBED).languages == {"en"}
    assert resolve(str(tmp_path), "generate").source == FolderSource(tmp_path.resolve())
    assert resolve("some-one/some.model@refs/pr/3", "generate").source == HubSource("some-one/some.model", "refs/pr/3")


def test_a_gguf_file_writes_and_translates_and_does_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "Tiny-Q4_K_M.gguf"
    with pytest.raises(UnknownModel, match=r"no file .*Tiny-Q4_K_M\.gguf"):
        resolve(str(path), Task.GENERATE)
    path.write_bytes(b"GGUF")
    for task in (Task.GENERATE, Task.TRANSLATE):
        spec = resolve(str(path), task)
        assert (spec.name, spec.architecture, spec.source) == ("Tiny-Q4_K_M", "causal", GgufSource(path.resolve()))
    with pytest.raises(UnknownModel, match="GGUF file cannot embed"):
        resolve(str(path), Task.EMBED)


def test_a_known_repository_keeps_what_the_catalogue_knows_of_it() -> None:
    spec = resolve("intfloat/multilingual-e5-small@main", "embed")
    assert (spec.query_prefix, spec.licence, spec.source) == (
        "query: ",
        "MIT",
        HubSource("intfloat/multilingual-e5-small", "main"),
    )


@pytest.mark.parametrize("name", ["nonsense", "", "a/b/c", "../up/../x y"])
def test_what_names_nothing_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(UnknownModel, match="smollm2-135m-instruct"):
        resolve(name, "generate")


def test_a_model_of_another_task_is_refused() -> None:
    with pytest.raises(UnknownModel, match="cannot embed texts"):
        resolve("smollm2-135m-instruct", "embed")


@pytest.mark.parametrize(
    ("name", "task", "said"),
    [
        ("smollm2-135m-instruct", "sentiment", "The model 'smollm2-135m-instruct' cannot judge sentiment."),
        ("all-minilm-l6-v2", "generate", "The model 'all-minilm-l6-v2' cannot write."),
        ("all-minilm-l6-v2", "translate", "cannot translate."),
        ("server:big", "rerank", "A server cannot judge passages by itself"),
    ],
)
def test_what_a_model_cannot_do_is_said_in_plain_words(name: str, task: str, said: str) -> None:
    with pytest.raises(UnknownModel, match=said):
        resolve(name, task)


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match="embedded, standard, gpu"):
        catalogue().profile("huge")
