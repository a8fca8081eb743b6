"""The paged engine against plain `generate`, static batches, `transformers serve` and the memory's bandwidth.

    python -m benchmarks.models.gpu --shape 4b --shape 8b [--conversations 1,8,32,128] [--rounds 3]
    python -m benchmarks.models.gpu --shape tiny --device cpu --conversations 1,4     # only to see that it runs

Needs no download, no bot and no database: weights of the shape are random, which changes no speed. Writes
benchmarks/results/gpu-SHAPE.json. Variants run one after another, since a GPU does not hold them side by side; each
figure is the median of the rounds after one to warm up, with the lowest and highest.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import string
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.models.gpu_peers import Stream, generate, ours, served, timed, transformers_serve
from benchmarks.models.gpu_shapes import SHAPES, build, weight_bytes
from benchmarks.models.harness import save, summary, surroundings, table
from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.engines.tokenizing import ChatTokenizer
from models.types import ChatMessage

OTHERS = 32  # that stream while first tokens are measured


def texts(count: int, length: int, seed: int) -> list[str]:
    """Texts of one token a letter that share nothing."""
    letters = random.Random(seed)
    return ["".join(letters.choices(string.ascii_lowercase, k=length)) for _ in range(count)]


def bandwidth(device: str) -> float:
    """Bytes a second that the device's memory moves, by copying: read and written."""
    size = 2**30 if device == "cuda" else 2**27
    source = torch.empty(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(6):
        _wait_for(device)
        begin = time.perf_counter()
        target.copy_(source)
        _wait_for(device)
        best = min(best, time.perf_counter() - begin)
    return 2 * size / best


async def rates(stream: Stream, counts: list[int], options: argparse.Namespace) -> dict[int, dict[str, float]]:
    """New tokens a second of all conversations together, by how many there are."""
    found = {}
    for count in counts:
        figures = []
        for turn in range(options.rounds + 1):
            asked = texts(count, options.prompt, seed=1000 * count + turn)
            begin = time.perf_counter()
            await asyncio.gather(*(timed(stream, text, options.new) for text in asked))
            figures.append(count * options.new / (time.perf_counter() - begin))
        found[count] = summary(figures[1:])
    return found


async def decoding_alone(stream: Stream, options: argparse.Namespace) -> dict[str, float]:
    """New tokens a second of one conversation after its first one: what bandwidth bounds."""
    figures = []
    for turn in range(options.rounds + 1):
        timing = await timed(stream, texts(1, options.prompt, seed=turn)[0], options.new)
        figures.append((options.new - 1) / (timing.total - timing.first))
    return summary(figures[1:])


async def first_tokens(stream: Stream, options: argparse.Namespace) -> dict[str, float]:
    """Seconds to the first piece of one text after another, while others stream."""
    started = [asyncio.Event() for _ in range(OTHERS)]
    long = options.new * 8
    others = [
        asyncio.create_task(timed(stream, text, long, event))
        for text, event in zip(texts(OTHERS, options.prompt, seed=7), started, strict=True)
    ]
    await asyncio.gather(*(event.wait() for event in started))
    found: list[float] = []
    for text in texts(options.samples, options.prompt, seed=8):
        found.append((await timed(stream, text, 4)).first)
        if any(other.done() for other in others):
            break  # from here on fewer than said would stream
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    shares = statistics.quantiles(found, n=100, method="inclusive") if len(found) > 1 else found * 99
    return {"p50": shares[49], "p99": shares[98], "samples": len(found)}


async def measure_stream(stream: Stream, counts: list[int], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "tokens_per_second": await rates(stream, counts, options),
        "decoding_alone": await decoding_alone(stream, options),
        "first_token_s_while_32_stream": await first_tokens(stream, options),
    }


def measure_plain(folder: Path, counts: list[int], options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """`generate`, one by one and in batches, and what the weights take."""
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map=options.device)
    tokenizer = ChatTokenizer(folder)
    batches = {count: batched_rate(model, tokenizer, count, options) for count in counts}
    return {"one by one": rate_of_one(batches), "static batches": {"tokens_per_second": batches}}, weight_bytes(model)


def batched_rate(model: Any, tokenizer: ChatTokenizer, count: int, options: argparse.Namespace) -> dict[str, float]:
    """New tokens a second of one padded batch."""
    figures = []
    for turn in range(options.rounds + 1):
        asked = texts(count, options.prompt, seed=1000 * count + turn)
        rows = [tokenizer.encode_chat([ChatMessage("user", text)]) for text in asked]
        figures.append(count * options.new / generate(model, rows, options.new))
    return summary(figures[1:])


def rate_of_one(batches: dict[int, dict[str, float]]) -> dict[str, Any]:
    """One by one, any number of conversations gets the rate of a single one."""
    return {"tokens_per_second": dict.fromkeys(batches, batches[min(batches)])}


async def measure_ours(folder: Path, counts: list[int], options: argparse.Namespace) -> dict[str, Any]:
    on_cpu = options.device == "cpu"
    sizes = PagedSizes(page_tokens=64, blocks=512, batch_tokens=512, requests=64) if on_cpu else PagedSizes()
    engine = PagedGenerator(folder, device=options.device, quantisation=options.quantisation, sizes=sizes)
    await engine.warm()
    found = {"layout": await engine.layout(), **await measure_stream(ours(engine), counts, options)}
    await engine.close()
    _free()
    return found


async def measure_served(folder: Path, counts: list[int], options: argparse.Namespace) -> dict[str, Any]:
    bounded = ["--cb-num-blocks", "512", "--cb-block-size", "64", "--cb-max-batch-tokens", "512"]
    try:
        with transformers_serve(folder, options.device, bounded if options.device == "cpu" else ()) as url:
            return await measure_stream(served(url, str(folder)), counts, options)
    except (RuntimeError, ImportError) as error:
        return {"not measured": str(error).strip().splitlines()[-1]}


def report(shape: str, variants: dict[str, Any], limit: float, counts: list[int]) -> str:
    rows = [["tokens a second", *map(str, counts)]]
    for name, figures in variants.items():
        by_count = figures.get("tokens_per_second", {})
        rows.append([name, *(f"{by_count[count]['median']:,.0f}" if by_count else "-" for count in counts)])
    rows.append(["bandwidth / weights", f"{limit:,.0f}", *["" for _ in counts[1:]]])
    return f"{shape}\n{table(rows)}"


def run(shape: str, options: argparse.Namespace) -> None:
    counts = [int(count) for count in options.conversations.split(",")]
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        folder = build(shape, Path(work) / shape, options.device)
        _free()
        speed = bandwidth(options.device)
        variants, size = measure_plain(folder, counts, options)
        _free()
        variants["ours"] = asyncio.run(measure_ours(folder, counts, options))
        if not options.without_serve:
            variants["transformers serve"] = asyncio.run(measure_served(folder, counts, options))
    limit = speed / size
    result = {
        "what": f"{shape} with random weights, {options.prompt} tokens in, {options.new} out",
        "on": {**surroundings(torch.get_num_threads()), "device": _device(options.device), "bytes_per_second": speed},
        "weight_bytes": size,
        "limit_tokens_per_second": limit,
        "variants": variants,
        "ours_by": _ratios(variants, limit, counts),
    }
    path = save(f"gpu-{shape}" if options.device == "cuda" else f"gpu-{shape}-{options.device}", result)
    print(report(shape, variants, limit, counts), f"\n{result['ours_by']}\nwritten to {path}")


def _ratios(variants: dict[str, Any], limit: float, counts: list[int]) -> dict[str, Any]:
    def median(name: str, count: int) -> float | None:
        figures = variants.get(name, {}).get("tokens_per_second")
        return figures[count]["median"] if figures else None

    mine = {count: median("ours", count) or 0.0 for count in counts}
    ratios: dict[str, Any] = {"limit, decoding one": variants["ours"]["decoding_alone"]["median"] / limit}
    for name in variants:
        if name != "ours":
            ratios[name] = {count: mine[count] / other for count in counts if (other := median(name, count))}
    first = variants["ours"]["first_token_s_while_32_stream"]
    return ratios | {"p99 by p50 of first tokens": first["p99"] / first["p50"]}


def _device(device: str) -> str:
    if device == "cpu":
        return "cpu"
    memory = torch.cuda.get_device_properties(0).total_memory
    return f"{torch.cuda.get_device_name(0)}, {memory / 1e9:.0f} GB, driver CUDA {torch.version.cuda}"


def _wait_for(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", action="append", choices=list(SHAPES))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--conversations", default="1,8,32,128")
    parser.add_argument("--prompt", type=int, default=300, help="tokens of a prompt, about")
    parser.add_argument("--new", type=int, default=128, help="tokens to write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=60, help="first tokens measured while others stream")
    parser.add_argument("--quantisation", choices=["none", "int8", "int4"], default="none")
    parser.add_argument("--without-serve", action="store_true")
    parser.add_argument("--work", type=Path, default=None, help="where weights are written meanwhile")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("There is no usable CUDA device. To see that it runs: --shape tiny --device cpu")
    for shape in options.shape or ["4b", "8b"]:
        run(shape, options)


if __name__ == "__main__":
    main()
