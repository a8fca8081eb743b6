"""`models/` runs where no chat library, database or bot is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.tiny_models import build_tiny_llama

# What torch and transformers bring along, and the small libraries that models/ names in its own modules.
CODE = """
import asyncio, sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"bot", "retrieval", "migrations", "sqlalchemy", "alembic", "telegram", "discord",
                                      "pydantic_settings", "typer", "faiss", "tantivy", "openai"}:
            raise ModuleNotFoundError(f"{name} is not to be had here", name=name)

sys.meta_path.insert(0, Refusing())

from pathlib import Path
from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.registry import ModelOptions, Registry
from models.types import ChatMessage, GenerationRequest, TextChunk

async def say(generator):
    request = GenerationRequest((ChatMessage("user", "fox"),), max_new_tokens=8)
    text = "".join([one.text async for one in generator.stream(request) if isinstance(one, TextChunk)])
    await generator.close()
    return text

async def main(folder):
    registry = Registry(ModelOptions(folder.parent, device="cpu", overrides={"generate": str(folder)}))
    padded = await say(registry.generator())
    await registry.close()
    sizes = PagedSizes(page_tokens=16, blocks=32, batch_tokens=128, requests=4)
    paged = await say(PagedGenerator(folder, device="cpu", sizes=sizes))
    assert padded and paged, (padded, paged)

asyncio.run(main(Path(sys.argv[1])))
import benchmarks.models.gpu
"""


def test_the_models_load_and_write_without_the_rest(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
