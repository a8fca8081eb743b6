"""The how-to about model servers says what is so: its settings load, its defaults and sentences are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import load_settings
from bot.settings.servers import ServerSettings

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs/how-to/model-servers.md").read_text("utf-8")
BLOCKS = [block for block in re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL) if "[" in block.splitlines()[0]]


@pytest.mark.parametrize("block", BLOCKS)
def test_its_settings_load(tmp_path: Path, block: str) -> None:
    path = tmp_path / "parley.toml"
    path.write_text(block, "utf-8")
    assert load_settings(path, {}).models.servers or "server:" in block


def test_it_tells_of_every_setting_of_a_server() -> None:
    table = HOW_TO.partition("## What a table may hold")[2].partition("\n## ")[0]
    told = set(
        re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `")))
    )
    assert told == set(ServerSettings.model_fields)
    fields = ServerSettings.model_fields
    times = [fields[f"{name}_seconds"].default for name in ("connect", "first_token", "between")]
    assert ", ".join(f"{value:g}" for value in times) in table
    assert f"| {fields['retries'].default} |" in table


def test_its_sentences_are_said() -> None:
    table = HOW_TO.partition("## When something is wrong")[2]
    source = "".join(path.read_text("utf-8") for path in sorted((ROOT / "models/engines/remote").glob("*.py")))
    source = re.sub(r'"\n\s*f?"', "", source)  # a sentence over several lines
    sentences = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert len(sentences) > 8
    for sentence in re.findall(r"`([^`]+)`", "".join(sentences)):
        words = re.sub(r"\d+ times|\d+ seconds|\(HTTP \d+\)|…", "*", sentence)
        for part in filter(str.strip, words.split("*")):
            assert part.strip() in source, part
