"""A program that ends while an engine has a model in memory: its thread ends first, or Python would abort."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiny_models import build_tiny_llama

_CODE = """
import asyncio, atexit, pathlib, sys, threading
before = set(threading.enumerate())
atexit.register(lambda: print("left:", [t.name for t in threading.enumerate() if t not in before]))  # called last
from models.types import ChatMessage, GenerationRequest, TextChunk
{make}
async def main():
    async for event in engine.stream(GenerationRequest((ChatMessage("user", "the quick"),), max_new_tokens=400)):
        if isinstance(event, TextChunk):
            break

asyncio.run(main())
"""
_ENGINES = {
    "in the process": """
from models.engines.transformers_engine import TransformersGenerator
engine = TransformersGenerator(pathlib.Path(sys.argv[1]), device="cpu", threads=1)
""",
    "paged": """
from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
sizes = PagedSizes(page_tokens=16, blocks=64, batch_tokens=256, requests=8)
engine = PagedGenerator(pathlib.Path(sys.argv[1]), device="cpu", dtype="float32", sizes=sizes)
""",
}


@pytest.mark.parametrize("make", _ENGINES.values(), ids=_ENGINES)
def test_an_engine_that_nobody_closed_ends_before_python_does(tmp_path: Path, make: str) -> None:
    folder = build_tiny_llama(tmp_path / "tiny", context=512)
    code, root = _CODE.replace("{make}", make), Path(__file__).parents[4]
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, cwd=root)
    assert (ended.returncode, ended.stdout) == (0, "left: []\n"), ended.stderr
