"""What keeps a model from running is found without loading it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.catalogue import resolve
from models.errors import InvalidWeights
from models.examine import check_runs
from tests.support.tiny_marian import build_tiny_marian
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama, without_tensors


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    build_tiny_llama(home / "generate")
    build_tiny_bert(home / "embed")
    build_tiny_bert(home / "rerank", classes=("relevance",))
    build_tiny_bert(home / "sentiment", classes=("negative", "positive"))
    build_tiny_marian(home / "translate", steps=1)
    return home


def check(folder: Path, task: str) -> None:
    check_runs(resolve(str(folder), task), folder)


TASKS = ["generate", "embed", "rerank", "sentiment", "translate"]


@pytest.mark.parametrize("task", TASKS)
def test_a_whole_model_runs(home: Path, task: str) -> None:
    check(home / task, task)


@pytest.mark.parametrize("task", TASKS)
def test_one_with_half_of_its_tensors_does_not(home: Path, tmp_path: Path, task: str) -> None:
    with pytest.raises(InvalidWeights, match=r"'half' lacks \d+ of its tensors"):
        check(without_tensors(home / task, tmp_path / "half"), task)


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "source.spm", "target.spm", "vocab.json"):
        (folder / name).unlink(missing_ok=True)


def of_ones_own(folder: Path) -> None:
    """An architecture whose code lies in the folder, which is not run."""
    own = {"model_type": "ours", "hidden_size": 32, "auto_map": {"AutoConfig": "ours.Ours", "AutoModel": "ours.Ours"}}
    (folder / "config.json").write_text(json.dumps(own))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without_tokenizer, "tokenizer of 'bad' is missing or damaged"),
        (of_ones_own, r"architecture is unknown|no translation model that Parley knows \(ours\)"),
    ],
)
def test_what_else_is_wrong_is_told(
    home: Path, tmp_path: Path, task: str, damage: Callable[[Path], None], said: str
) -> None:
    folder = without_tensors(home / task, tmp_path / "bad", "none of them")
    damage(folder)
    with pytest.raises(InvalidWeights, match=said):
        check(folder, task)


@pytest.mark.parametrize(
    ("template", "said"), [(None, "no chat template"), ("{% if %}", "chat template of 'mute' has an error in line 1")]
)
def test_a_generator_needs_a_chat_template_that_works(
    home: Path, tmp_path: Path, template: str | None, said: str
) -> None:
    folder = without_tensors(home / "generate", tmp_path / "mute", "none of them")
    (folder / "chat_template.jinja").unlink()
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(InvalidWeights, match=said):
        check(folder, "generate")


def test_a_model_for_another_task_is_told(home: Path) -> None:
    with pytest.raises(InvalidWeights, match=r"score\.weight"):
        check(home / "generate", "rerank")
    with pytest.raises(InvalidWeights, match="does not judge sentiment"):
        check(home / "rerank", "sentiment")
    with pytest.raises(InvalidWeights, match="no translation model"):
        check(home / "embed", "translate")
