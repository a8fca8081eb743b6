"""One model over two processes of torchrun: the texts are those of a single one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiny_models import build_tiny_llama

SCRIPT = """
import asyncio, os, sys
from pathlib import Path
from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.types import ChatMessage, GenerationRequest, TextChunk

sizes = PagedSizes(page_tokens=16, blocks=32, batch_tokens=128, requests=4)
engine = PagedGenerator(Path(sys.argv[1]), device="cpu", dtype="float32", sizes=sizes)
engine.follow()

async def say(text, **options):
    request = GenerationRequest((ChatMessage("user", text),), max_new_tokens=8, **options)
    return "".join([one.text async for one in engine.stream(request) if isinstance(one, TextChunk)])

async def main():
    await engine.warm()
    texts = await asyncio.gather(say("fox"), say("dog", temperature=1.0, seed=3))
    await engine.close()
    print("TEXTS", ascii(texts))

if os.environ.get("RANK", "0") == "0":
    asyncio.run(main())
"""


def texts(script: Path, folder: Path, *launcher: str) -> list[str]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, str(script), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if line.startswith("TEXTS")]


@pytest.mark.timeout(300)
def test_two_ranks_write_what_one_process_writes(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "model")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    alone = texts(script, folder)
    together = texts(script, folder, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert len(alone) == 1
    assert together == alone
