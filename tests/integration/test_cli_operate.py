"""`parley models`, `db`, `doctor`, `init` and `setup`: what an operator runs."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.extras import install
from bot.settings import load_settings
from bot.storage import migrate
from models.folders import write_manifest
from tests.integration.conftest import Parley, TinyModels
from tests.support.tiny_gguf import to_gguf
from tests.support.tiny_models import without_tensors


def test_the_models_are_listed_with_what_each_task_uses(parley: Parley, tiny_models: TinyModels) -> None:
    rows = {row["name"]: row for row in parley("models", "list", "--json").rows}
    assert rows.keys() >= {"all-minilm-l6-v2", "smollm2-135m-instruct", "tiny-bert", "tiny-llama"}
    assert rows["tiny-bert"]["used_for"] == "embed"
    assert rows["tiny-bert"]["on_disk"] is True
    assert rows["all-minilm-l6-v2"]["licence"] == "Apache-2.0"
    assert rows["all-minilm-l6-v2"]["on_disk"] is False
    assert rows["all-minilm-l6-v2"]["bytes"] > 10_000_000
    shown = parley("models", "list").out
    assert "* profile embedded" in shown
    assert "profile standard" in shown


def test_the_models_are_listed_where_a_setting_names_a_missing_file(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(tmp_path / "none.gguf"))
    done = parley("models", "list", "--json")
    assert done.code == 0
    assert {row["name"] for row in done.rows} >= {"smollm2-135m-instruct", "tiny-bert"}
    assert "models.generator: " in done.err
    assert "none.gguf" in done.err
    assert "Traceback" not in done.err


def test_whole_weights_pass_the_check(parley: Parley) -> None:
    done = parley("models", "check", "--json")
    assert done.code == 0
    assert {row["task"]: row["state"] for row in done.rows} == {"generate": "whole", "embed": "whole"}


def test_a_gguf_file_is_listed_and_checked(
    parley: Parley, tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = to_gguf(tiny_models.generator, tmp_path / "tiny-q8.gguf")
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(path))
    rows = {row["name"]: row for row in parley("models", "list", "--json").rows}
    assert (rows["tiny-q8"]["engine"], rows["tiny-q8"]["used_for"]) == ("llama.cpp", "generate")
    assert rows["tiny-q8"]["bytes"] == path.stat().st_size
    assert rows["tiny-bert"]["engine"] == "transformers"
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "llama_cpp", None)
        checked = parley("models", "check", "--json")
    assert checked.code == 6
    assert [(row["state"], row["do"]) for row in checked.rows if row["name"] == "tiny-q8"] == [
        ("unrunnable", f"GGUF models need llama.cpp. {install('llamacpp')}")
    ]
    pytest.importorskip("llama_cpp")  # the file's own facts are read by it
    assert parley("models", "check").code == 0
    found = {row["check"]: row for row in parley("doctor", "--json").rows}["model for generate"]
    assert found["state"] == "ok"
    assert found["found"].endswith("on llama.cpp")


def test_a_damaged_folder_fails_the_check_with_why(
    parley: Parley, tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_models.generator, damaged)
    with (damaged / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(damaged))
    done = parley("models", "check", "--json")
    assert done.code == 6
    states = {row["task"]: row for row in done.rows}
    assert (states["generate"]["state"], states["embed"]["state"]) == ("damaged", "whole")
    assert "model.safetensors" in states["generate"]["do"]
    asked = parley("ask", "/chat hello")
    assert (asked.code, asked.out) == (6, "")
    assert "Traceback" not in asked.err


def without_half(folder: Path) -> None:
    shutil.move(folder, folder.with_name("whole"))
    without_tensors(folder.with_name("whole"), folder)


def with_a_broken_template(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{% for message in messages %}")


@pytest.mark.parametrize(
    ("damage", "said"), [(without_half, "of its tensors"), (with_a_broken_template, "chat template of 'bad'")]
)
def test_a_folder_that_cannot_run_is_told_by_the_check_and_by_an_answer(
    parley: Parley,
    tiny_models: TinyModels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None],
    said: str,
) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(tiny_models.generator, bad)
    damage(bad)
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(bad))
    checked = parley("models", "check", "--json")
    (row,) = [row for row in checked.rows if row["task"] == "generate"]
    assert (checked.code, row["state"]) == (6, "unrunnable")
    assert said in row["do"]
    written = parley("write", "a poem")
    assert (written.code, written.out) == (6, "")
    assert said in written.sentence
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", f"{bad}, {tiny_models.generator}")
    assert parley("write", "a poem").code == 0  # by the next one
    states = [row["state"] for row in parley("models", "check", "--json").rows if row["task"] == "generate"]
    assert states == ["unrunnable", "whole"]


def test_of_a_chain_one_that_is_there_is_enough(
    parley: Parley, tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", f"qwen3-0_6b, {tiny_models.generator}")
    assert parley("write", "a poem").code == 0
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", "qwen3-0_6b, qwen3-1_7b")
    refused = parley("write", "a poem")
    assert refused.code == 6
    assert "qwen3-0_6b, qwen3-1_7b. Run: parley models fetch" in refused.sentence


def test_a_model_of_no_name_is_told_with_the_nearest(parley: Parley) -> None:
    done = parley("models", "fetch", "all-minilm-l6")
    assert (done.code, done.out) == (3, "")
    assert "all-minilm-l6-v2" in done.sentence


def test_models_that_are_there_are_not_fetched(parley: Parley, tiny_models: TinyModels) -> None:
    done = parley("models", "fetch", "--json")
    assert done.code == 0
    assert {(row["name"], row["state"]) for row in done.rows} == {("tiny-bert", "there"), ("tiny-llama", "there")}
    assert parley("models", "fetch", "tiny-bert").code == 0


def test_a_folder_of_ones_own_that_is_cut_in_half_is_not_called_whole_by_fetch(
    parley: Parley, tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_models.generator, own)
    assert parley("models", "fetch", str(own)).code == 0
    with (own / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    done = parley("models", "fetch", str(own))
    assert (done.code, done.sentence) == (
        6,
        "The model folder 'own' is damaged: model.safetensors is not whole. Copy it anew.",
    )
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", f"{own}, {tiny_models.generator}")
    all_of_them = parley("models", "fetch", "--json")  # what is the matter with one keeps none of the others back
    assert (all_of_them.code, [row["name"] for row in all_of_them.rows]) == (6, ["tiny-llama", "tiny-bert"])


def test_a_copy_of_a_fetched_folder_is_held_to_its_checksums(
    parley: Parley, tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_models.generator, own)
    write_manifest(own, "hub nobody/nothing")
    (own / "chat_template.jinja").write_text("changed")
    done = parley("models", "fetch", str(own))
    assert done.code == 6
    assert "chat_template.jinja differs from its checksum. Copy it anew" in done.sentence
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", str(own))
    (row,) = [row for row in parley("models", "check", "--json").rows if row["task"] == "generate"]
    assert row["state"] == "damaged"
    assert row["do"] in done.sentence


def test_offline_nothing_is_fetched(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODELS__OFFLINE", "true")
    done = parley("models", "fetch", "all-minilm-l6-v2")
    assert done.code == 6
    assert "models.offline" in done.sentence


def test_the_database_is_upgraded_once(parley: Parley, settings: Path) -> None:
    head = migrate.head()
    assert parley("db", "current", "--json").rows == [{"current": None, "head": head}]
    assert not (settings / "parley.db").exists()
    first = parley("db", "upgrade", "--json")
    assert first.rows == [{"before": None, "current": head, "copy": None}]
    again = parley("db", "upgrade")
    assert again.code == 0
    assert "Nothing was to be done" in again.out
    assert parley("db", "current").out == f"database: {head}; this version of Parley: {head}\n"


def test_the_doctor_finds_a_healthy_parley_healthy(parley: Parley, shop: Path) -> None:
    done = parley("doctor", "--json")
    states = {row["check"]: row["state"] for row in done.rows}
    assert done.code == 0
    assert states.keys() >= {"python", "settings", "data folder", "database", "model for embed", "device"}
    assert "fail" not in states.values()
    assert states["database"] == "ok"
    assert states["knowledge base"] == "ok"
    assert states["model for translate"] == "warn"
    shown = parley("doctor").out
    assert "✓ database: " in shown
    assert "→ " in shown


def test_the_doctor_reads_every_page_of_the_database(parley: Parley, shop: Path, settings: Path) -> None:
    path = settings / "parley.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(size))
    done = parley("doctor", "--json")
    found = {row["check"]: row for row in done.rows}["database"]
    assert (done.code, found["state"]) == (1, "fail")
    assert "is damaged" in found["found"]
    assert "backup" in found["do"]
    assert "Traceback" not in done.err


def test_the_doctor_says_what_to_do(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_MODELS__EMBEDDER")
    done = parley("doctor", "--json")
    findings = {row["check"]: row for row in done.rows}
    assert done.code == 1
    assert findings["model for embed"]["state"] == "fail"
    assert "parley models fetch all-minilm-l6-v2" in findings["model for embed"]["do"]
    assert findings["database"]["state"] == "warn"
    assert "parley kb add" in findings["knowledge base"]["do"]


def test_an_unknown_profile_is_a_finding(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODELS__PROFILE", "enormous")
    findings = {row["check"]: row for row in parley("doctor", "--json").rows}
    assert (findings["models"]["state"], "standard" in findings["models"]["found"]) == ("fail", True)


def test_init_writes_a_file_that_loads_and_says_the_same(parley: Parley, tmp_path: Path) -> None:
    done = parley("init", str(tmp_path / "new"), "--yes")
    assert done.code == 0
    file = tmp_path / "new" / "parley.toml"
    assert "parley setup" in done.out
    assert file.read_text("utf-8").startswith("# Parley's settings")
    assert load_settings(file, {}).models == load_settings(None, {}).models


def test_init_keeps_what_is_there(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "parley.toml"
    file.write_text("[dialogue]\nhistory_turns = 3\n", "utf-8")
    done = parley("init", str(tmp_path), "--yes")
    assert done.code == 2
    assert "--force" in done.sentence
    assert file.read_text("utf-8") == "[dialogue]\nhistory_turns = 3\n"
    assert parley("init", str(tmp_path), "--yes", "--force").code == 0
    assert load_settings(file, {}).dialogue.history_turns == 8


def test_init_asks_and_asks_again_where_an_answer_does_not_fit(parley: Parley, tmp_path: Path) -> None:
    done = parley("init", str(tmp_path), stdin="./data\nenormous\ngpu\nCPU\nzh\n")
    assert done.code == 0
    settings = load_settings(tmp_path / "parley.toml", {})
    assert settings.home == tmp_path / "data"
    assert (settings.models.profile, settings.models.device) == ("gpu", "cpu")
    assert settings.dialogue.language == "zh"


def test_init_where_nothing_can_be_written_is_told(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    done = parley("init", str(tmp_path / "file" / "below"), "--yes")
    assert (done.code, "cannot be written" in done.sentence) == (2, True)


def test_setup_indexes_an_example_once(parley: Parley) -> None:
    done = parley("setup", "--example", "shop-faq")
    assert done.code == 0
    assert "shop-faq" in done.err
    count = len(parley("kb", "list", "--json").rows)
    assert count > 80
    assert parley("setup", "--example", "shop-faq").err == ""
    other = parley("setup", "--example", "llm-faq")
    assert (other.code, "the example was left out" in other.err) == (0, True)
    assert len(parley("kb", "list", "--json").rows) == count


def test_an_unknown_example_is_told_with_those_that_there_are(parley: Parley) -> None:
    done = parley("setup", "--example", "nothing")
    assert (done.code, "shop-faq" in done.sentence) == (3, True)
