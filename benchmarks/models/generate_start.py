"""From the start of Python to the first answer: converted weights by the engine, the GGUF file by transformers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.models.harness import interleaved, ratio, seconds, summary

_OURS = """
import asyncio, pathlib, sys
from models.engines.transformers_engine import TransformersGenerator
from models.types import ChatMessage, GenerationRequest

async def main():
    engine = TransformersGenerator(pathlib.Path(sys.argv[1]), device="cpu", threads=int(sys.argv[2]))
    async for _ in engine.stream(GenerationRequest((ChatMessage("user", "Hello"),), max_new_tokens=8)):
        pass

asyncio.run(main())
"""
_GGUF = """
import pathlib, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
torch.set_num_threads(int(sys.argv[2]))
path = pathlib.Path(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
model = AutoModelForCausalLM.from_pretrained(
    path.parent, gguf_file=path.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
)
inputs = tokenizer.apply_chat_template(
    [{"role": "user", "content": "Hello"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
)
model.generate(**inputs, max_new_tokens=8, do_sample=False)
"""


def starts(folder: Path, gguf: Path, rounds: int, threads: int) -> dict[str, Any]:
    """Give seconds of both in processes of their own, and the ratio."""

    def run(code: str, path: Path) -> float:
        command = [sys.executable, "-c", code, str(path), str(threads)]
        environment = os.environ | {"HF_HUB_OFFLINE": "1"}
        return seconds(lambda: subprocess.run(command, check=True, capture_output=True, env=environment))

    found = interleaved({"ours": lambda: run(_OURS, folder), "gguf": lambda: run(_GGUF, gguf)}, rounds)
    return {name: summary(values) for name, values in found.items()} | {"ratio": ratio(found["ours"], found["gguf"])}
