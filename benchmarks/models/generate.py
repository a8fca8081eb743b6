"""First token, tokens a second and quality of the in-process engine against plain transformers `generate`.

    python -m benchmarks.models.generate MODELS_DIR [--rounds 5] [--threads 2]

Needs the embedded models on disk (`parley models fetch`). No speed is printed without its quality beside it: the mean
KL divergence of each number type to fp32, and how often the likeliest token is the same, on the benchmark's own text.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.models.harness import interleaved, ratio, save, summary, surroundings, table
from models.catalogue import Task, resolve
from models.engines.loading import NumberType, pick_type
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.types import ChatMessage, GenerationRequest, TextChunk
from models.weights import find

NEW_TOKENS = 32
PASSAGE = (
    "A language model reads a text as a row of tokens and gives each possible next token a probability. It learned "
    "them from a large amount of writing. When it answers a question it takes one token after another, and each choice "
    "depends on all that stands before it. It has no list of facts to look up, so it can state something false in the "
    "same tone as something true. Giving it the passages that hold the answer makes mistakes rarer, because copying is "
    "easier than remembering. Longer prompts cost more time before the first word comes. "
)


async def ours(engine: TransformersGenerator, number: int, question: str) -> tuple[float, float]:
    """Give seconds to the first piece and in all, for a prompt that shares nothing with the last but its template."""
    start = time.perf_counter()
    first = 0.0
    text = f"({number}) {PASSAGE * 2}\n\n{question}"
    async for event in engine.stream(GenerationRequest((ChatMessage("user", text),), max_new_tokens=NEW_TOKENS)):
        if isinstance(event, TextChunk) and not first:
            first = time.perf_counter() - start
    return first, time.perf_counter() - start


def theirs(model: Any, tokenizer: ChatTokenizer, number: int, question: str) -> tuple[float, float]:
    """Do the same with `generate` and its own streamer protocol."""
    import torch

    class FirstToken:
        def __init__(self) -> None:
            self.calls = 0
            self.at = 0.0

        def put(self, _: object) -> None:
            self.calls += 1
            if self.calls == 2:  # the first call brings the prompt
                self.at = time.perf_counter()

        def end(self) -> None: ...

    ids = tokenizer.encode_chat([ChatMessage("user", f"({number}) {PASSAGE * 2}\n\n{question}")])
    start, streamer = time.perf_counter(), FirstToken()
    inputs = torch.tensor([ids])
    model.generate(
        inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=NEW_TOKENS, do_sample=False, streamer=streamer
    )
    return streamer.at - start, time.perf_counter() - start


def quality(folder: Path, kinds: list[NumberType], threads: int) -> dict[str, dict[str, float]]:
    """Give KL to fp32 and agreement of the likeliest token for each number type."""
    import torch

    from models.engines.loading import load_causal

    ids = torch.tensor([ChatTokenizer(folder).encode(PASSAGE)])
    found: dict[str, Any] = {}
    for kind in ["float32", *kinds]:
        loaded = load_causal(folder, "cpu", kind, threads)  # type: ignore[arg-type]
        with torch.inference_mode():
            rows = []  # token by token, as text is written: there the types differ most
            cache = None
            for position in range(ids.shape[1]):
                output = loaded.model(input_ids=ids[:, position : position + 1], past_key_values=cache, use_cache=True)
                cache = output.past_key_values
                rows.append(output.logits[0, -1].float().log_softmax(-1))
        found[kind] = torch.stack(rows)
    exact = found.pop("float32")
    return {
        kind: {
            "kl_to_fp32": float((exact.exp() * (exact - other)).sum(-1).mean()),
            "same_top_token": float((exact.argmax(-1) == other.argmax(-1)).float().mean()),
        }
        for kind, other in found.items()
    }


def main() -> None:
    """Measure, print a table, and write benchmarks/results/generate.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import torch
    from transformers import AutoModelForCausalLM

    folder = find(resolve("smollm2-135m-instruct", Task.GENERATE), options.models_dir)
    kind = pick_type("auto", torch.device("cpu"))
    engine = TransformersGenerator(folder, device="cpu", threads=options.threads)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    wait(engine.warm())
    tokenizer = ChatTokenizer(folder)
    plain = {
        name: AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        for name, dtype in (("generate bf16", torch.bfloat16), ("generate fp32", torch.float32))
    }
    firsts: dict[str, list[float]] = {}
    numbers = iter(range(10_000))

    def run(name: str) -> float:
        number, question = next(numbers), "What makes mistakes rarer? Explain in several sentences."
        if name == "ours, prefix kept":
            number = -1  # the same prompt each time but for its end
            question = f"What makes mistakes rarer? Explain it in {next(numbers)} sentences."
            wait(ours(engine, number, question + " First."))
        if name.startswith("ours"):
            first, total = wait(ours(engine, number, question))
        else:
            first, total = theirs(plain[name], tokenizer, number, question)
        firsts.setdefault(name, []).append(first)
        return total

    names = ["ours", "ours, prefix kept", *plain]
    totals = interleaved({name: lambda name=name: run(name) for name in names}, options.rounds)  # type: ignore[misc]
    firsts = {name: values[1:] for name, values in firsts.items()}
    rates = {
        name: [(NEW_TOKENS - 1) / (total - first) for total, first in zip(totals[name], firsts[name], strict=True)]
        for name in names
    }
    result = {
        "what": f"SmolLM2-135M-Instruct, {NEW_TOKENS} tokens out, number type {kind}",
        "prompt_tokens": len(tokenizer.encode_chat([ChatMessage("user", f"(1) {PASSAGE * 2}\n\nWhat?")])),
        "on": surroundings(options.threads),
        "first_token_s": {name: summary(values) for name, values in firsts.items()},
        "tokens_per_s": {name: summary(values) for name, values in rates.items()},
        "total_s": {name: summary(values) for name, values in totals.items()},
        "total_ratio": {name: ratio(totals["ours"], totals[name]) for name in plain},
        "first_token_ratio": {name: ratio(firsts["ours"], firsts[name]) for name in plain},
        "prefix_kept_first_token_ratio": ratio(firsts["ours, prefix kept"], firsts["ours"]),
        "quality": quality(folder, [kind, "bfloat16"], options.threads),
    }
    rows = [["variant", "first token s", "tokens/s", "total s"]]
    rows += [
        [n, *(f"{result[k][n]['median']:.2f}" for k in ("first_token_s", "tokens_per_s", "total_s"))] for n in names
    ]  # type: ignore[index]
    print(table(rows))
    print(
        {key: result[key] for key in ("total_ratio", "first_token_ratio", "prefix_kept_first_token_ratio", "quality")}
    )
    print("written to", save("generate", result).name)
    wait(engine.close())
    loop.call_soon_threadsafe(loop.stop)


if __name__ == "__main__":
    main()
