"""Models whose files are whole and which could not write all the same: doctor, `models check` and serve say so."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, Done, Parley, TinyModels
from tests.integration.test_cli_serve import serving, telegram
from tests.support.telegram_server import TelegramServer
from tests.support.tiny_models import build_tiny_adapter

PERSONA = "name: Poet\nadapter: {adapter}\ninstructions:\n  en: You write poems.\n"


def findings(done: Done) -> dict[str, tuple[str, str, str]]:
    return {row["check"]: (row["state"], row["found"], row["do"]) for row in done.rows}


def test_a_model_that_is_too_large_is_found_without_loading_it(
    parley: Parley, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__MEMORY_GB", "0.00001")
    done = parley("doctor", "--json")
    state, found, advice = findings(done)["model for generate"]
    assert done.code != 0
    assert (state, found) == ("fail", "tiny-llama is unrunnable")
    assert advice.startswith("The model 'tiny-llama' takes about") and "(models.memory_gb)" in advice
    checked = parley("models", "check", "--json")
    assert checked.code == 6
    assert {row["state"] for row in checked.rows} == {"unrunnable"}


@pytest.fixture
def adapter(tiny_models: TinyModels, tmp_path: Path) -> Path:
    """An adapter of the generator that the settings name as `poet`."""
    folder = build_tiny_adapter(tmp_path / "poet", tiny_models.generator)
    Path("parley.toml").write_text(f'[models.adapters.poet]\nfolder = "{folder}"\n', "utf-8")
    return folder


@pytest.mark.parametrize(
    ("fault", "said"),
    [("missing", "no adapter_config.json"), ("pickle", "Pickles are refused"), ("damaged", "cannot be read")],
)
@pytest.mark.usefixtures("shop")
def test_an_adapter_that_cannot_be_loaded_is_found(parley: Parley, adapter: Path, fault: str, said: str) -> None:
    weights = adapter / "adapter_model.safetensors"
    if fault == "missing":
        shutil.rmtree(adapter)
    elif fault == "pickle":
        weights.rename(adapter / "adapter_model.bin")
    else:
        weights.write_bytes(weights.read_bytes()[:100])
    state, _, advice = findings(parley("doctor", "--json"))["model for generate"]
    assert state == "fail" and said in advice
    checked = parley("models", "check", "--json")
    assert checked.code == 6
    assert said in json.dumps([row["do"] for row in checked.rows if row["task"] == "generate"])


@pytest.mark.usefixtures("shop", "adapter")
def test_a_persona_whose_adapter_is_not_set_is_found(parley: Parley, settings: Path) -> None:
    file = settings / "personas" / "poet.yaml"
    file.parent.mkdir()
    file.write_text(PERSONA.format(adapter="tragedian"), "utf-8")
    state, found, advice = findings(parley("doctor", "--json"))["persona Poet"]
    assert (state, found) == ("fail", "its adapter “tragedian” is not there")
    assert "[models.adapters.tragedian]" in advice
    file.write_text(PERSONA.format(adapter="poet"), "utf-8")
    found_well = findings(parley("doctor", "--json"))
    assert found_well["personas"][0] == "ok" and "Poet" in found_well["personas"][1]
    assert found_well["model for generate"][0] == "ok"


@pytest.mark.usefixtures("shop")
def test_packed_weights_that_a_cpu_does_not_use_are_said(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "quantisation" not in findings(parley("doctor", "--json"))
    monkeypatch.setenv("PARLEY_MODELS__DEVICE", "cpu")
    monkeypatch.setenv("PARLEY_MODELS__QUANTISATION", "int4")
    state, found, _ = findings(parley("doctor", "--json"))["quantisation"]
    assert (state, found) == ("warn", "int4 is set, and a CPU does not use it")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("fault", ["damaged", "no llama.cpp", "no openai", "too large"])
async def test_serve_says_at_its_start_that_its_generator_cannot_write(
    fault: str, tiny_models: TinyModels, tmp_path: Path
) -> None:
    environment, said = broken(fault, tiny_models, tmp_path)
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    async with TelegramServer() as server, serving(**telegram(server), **environment) as parley:
        await parley.says("telegram: ready")
        await parley.says(rf"cannot write; until that is mended, articles are quoted\. .*{said}")
        parley.process.send_signal(signal.SIGTERM)
        assert await parley.ends() == 0


def broken(fault: str, tiny_models: TinyModels, root: Path) -> tuple[dict[str, str], str]:
    """The environment in which the generator cannot write, and what is said of it."""
    generator = "PARLEY_MODELS__GENERATOR"
    if fault == "too large":
        return {"PARLEY_MODELS__MEMORY_GB": "0.00001"}, r"takes about"
    if fault == "no llama.cpp":
        (root / "model.gguf").write_bytes(b"GGUF")
        (root / "sitecustomize.py").write_text("import sys\nsys.modules['llama_cpp'] = None\n")
        return {generator: str(root / "model.gguf")}, r"\[llamacpp\]"
    if fault == "no openai":
        (root / "openai.py").write_text("raise ModuleNotFoundError(name='openai')\n")
        big = "PARLEY_MODELS__SERVERS__BIG__"
        server = {f"{big}BASE_URL": "http://127.0.0.1:9/v1", f"{big}MODEL": "big"}
        return {generator: "server:big", **server}, r"\[openai\]"
    folder = shutil.copytree(tiny_models.generator, root / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    return {generator: str(folder)}, r"is damaged"
