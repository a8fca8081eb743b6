"""The real command over tiny real models: everything is Parley's own but the size of the weights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.cli.app import code_of
from tests.support.shop import ARTICLE, FAQ
from tests.support.tiny_models import build_tiny_bert, build_tiny_llama

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON, one object a line; anything else there fails the test."""
        rows = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(row, dict) for row in rows)
        return rows

    @property
    def sentence(self) -> str:
        """The one line on standard error that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("parley: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0].removeprefix("parley: ")


Parley = Callable[..., Done]


@dataclass(frozen=True, slots=True)
class TinyModels:
    embedder: Path
    generator: Path


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    folder = tmp_path_factory.mktemp("tiny models")
    generator = build_tiny_llama(folder / "tiny-llama", context=8192)
    _never_ends(generator)
    return TinyModels(build_tiny_bert(folder / "tiny-bert"), generator)


def _never_ends(folder: Path) -> None:
    """Make the end of the text the least likely token, so that an answer is as long as it may be."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["lm_head.weight"][1] = 0
    save_file(weights, path, metadata={"format": "pt"})


@pytest.fixture
def settings(tiny_models: TinyModels, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with tiny models and a data folder of its own; gives that folder."""
    monkeypatch.setenv("PARLEY_MODELS__EMBEDDER", str(tiny_models.embedder))
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(tiny_models.generator))
    monkeypatch.setenv("PARLEY_MODELS__THREADS", "1")
    monkeypatch.setenv("PARLEY_MODELS__MAX_NEW_TOKENS", "12")
    here = tmp_path / "current folder"
    here.mkdir()
    monkeypatch.chdir(here)
    return home


@pytest.fixture
def parley(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Parley]:
    """Runs a command line in this process: `parley("ask", "-", "--json", stdin="one\\ntwo\\n")`."""

    def run(*arguments: str, stdin: str | bytes = "") -> Done:
        given = tmp_path / "stdin"
        given.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
        with given.open(encoding="utf-8") as file:
            monkeypatch.setattr(sys, "stdin", file)
            capfd.readouterr()
            code = code_of(list(arguments))
        logs.shutdown()
        written = capfd.readouterr()
        return Done(code, written.out, written.err)

    yield run
    logs.shutdown()


@pytest.fixture
def shell(settings: Path) -> Parley:
    """Runs the command in a process of its own, as a person's shell does; arguments may be bytes."""

    def run(*arguments: str | bytes, stdin: bytes = b"", **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            input=stdin,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            check=False,
            timeout=100,
        )
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run


@pytest.fixture(scope="session")
def shop_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small shop's FAQ and article."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "faq.yaml").write_text(FAQ, encoding="utf-8")
    (folder / "shipping.md").write_text(ARTICLE, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _shop_home(shop_files: Path, tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the shop was added once."""
    home = tmp_path_factory.mktemp("shop home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_HOME", str(home))
        patch.setenv("PARLEY_MODELS__EMBEDDER", str(tiny_models.embedder))
        patch.setenv("PARLEY_MODELS__GENERATOR", str(tiny_models.generator))
        assert code_of(["kb", "add", str(shop_files)]) == 0
    logs.shutdown()
    return home


@pytest.fixture
def shop(settings: Path, shop_files: Path, _shop_home: Path) -> Path:
    """The small shop's knowledge base in the test's data folder; gives the folder of files it came from."""
    shutil.copytree(_shop_home, settings, dirs_exist_ok=True)
    return shop_files
