"""First token, totals and quality of the in-process engine, against transformers' `generate` and llama.cpp.

    python -m benchmarks.models.generate MODELS_DIR [--gguf FILE] [--rounds 5] [--threads 2]

Needs the embedded models on disk (`parley models fetch`). With --gguf, the file that the model was converted from,
llama.cpp (package llama-cpp-python) runs it as it is (Q4_1) and in Q8_0, and loading it directly by transformers is
compared with the start from converted weights. No speed is printed without its quality beside it: the mean KL
divergence to fp32, token by token as text is written, and how often the likeliest token is the same. Beside the
seconds stand those of the processor: on a machine that others use too they are what can be compared, best with
--threads 1, since threads that wait for one another count as working.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.models.generate_quality import quality
from benchmarks.models.generate_start import starts
from benchmarks.models.harness import interleaved, ratio, save, summary, surroundings, table
from models.catalogue import Task, resolve
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.types import ChatMessage, GenerationRequest, TextChunk
from models.weights import find

NEW_TOKENS = 32
AT_ONCE = 8
PASSAGE = (
    "A language model reads a text as a row of tokens and gives each possible next token a probability. It learned "
    "them from a large amount of writing. When it answers a question it takes one token after another, and each choice "
    "depends on all that stands before it. It has no list of facts to look up, so it can state something false in the "
    "same tone as something true. Giving it the passages that hold the answer makes mistakes rarer, because copying is "
    "easier than remembering. Longer prompts cost more time before the first word comes. "
)
QUESTION = (
    "What makes mistakes rarer? Explain in several sentences, and say for each of them on which sentence of the text "
    "it rests, so that a reader can look it up there and judge for themselves."
)
Run = Callable[[Sequence[str]], tuple[float, float]]
"""Writes answers to all these prompts at once; gives seconds to the first token of the first, and in all."""


def prompt(number: int) -> str:
    """A prompt of about 293 tokens that shares nothing with another but the template's beginning."""
    return f"({number}) {PASSAGE * 2}\n\n{QUESTION}"


class Ours:
    """The engine of this project, asked from an event loop as the bot asks it."""

    def __init__(self, folder: Path, threads: int, guesses: bool = True) -> None:
        self.engine = TransformersGenerator(folder, device="cpu", threads=threads, slots=AT_ONCE, guesses=guesses)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.wait(self.engine.warm())

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def write(self, prompts: Sequence[str]) -> tuple[float, float]:
        return self.chat([[ChatMessage("user", text)] for text in prompts])[:2]

    def chat(self, conversations: Sequence[Sequence[ChatMessage]]) -> tuple[float, float, str]:
        """Give seconds to the first token of the first, in all, and the first's text."""
        return self.wait(self._chat(conversations))  # type: ignore[no-any-return]

    async def _chat(self, conversations: Sequence[Sequence[ChatMessage]]) -> tuple[float, float, str]:
        start = time.perf_counter()
        results = await asyncio.gather(*(self._one(messages, start) for messages in conversations))
        return results[0][0], time.perf_counter() - start, results[0][1]

    async def _one(self, messages: Sequence[ChatMessage], start: float) -> tuple[float, str]:
        first, text = 0.0, ""
        async for event in self.engine.stream(GenerationRequest(tuple(messages), max_new_tokens=NEW_TOKENS)):
            if isinstance(event, TextChunk):
                first = first or time.perf_counter() - start
                text += event.text
        return first, text


def plain_generate(model: Any, tokenizer: ChatTokenizer, prompts: Sequence[str]) -> tuple[float, float]:
    """Do the same with `generate`, padded on the left where there are several."""
    import torch

    class FirstToken:
        def __init__(self) -> None:
            self.calls, self.at = 0, 0.0

        def put(self, _: object) -> None:
            self.calls += 1
            if self.calls == 2:  # the first call brings the prompt
                self.at = time.perf_counter()

        def end(self) -> None: ...

    start, streamer = time.perf_counter(), FirstToken()
    rows = [tokenizer.encode_chat([ChatMessage("user", text)]) for text in prompts]
    width = max(map(len, rows))
    inputs = torch.tensor([[2] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    extra = {"streamer": streamer} if len(rows) == 1 else {}  # it takes one sequence only
    model.generate(inputs, attention_mask=mask, max_new_tokens=NEW_TOKENS, do_sample=False, **extra)
    return (streamer.at or time.perf_counter()) - start, time.perf_counter() - start


def second_turns(ours: Ours, rounds: int) -> dict[str, list[float]]:
    """Time to the first token of a second turn, with what is kept of the first, and of one that nobody has seen."""
    found: dict[str, list[float]] = {"kept": [], "unseen": []}
    for number in range(rounds):
        for kind in found:
            first = ChatMessage("user", prompt(10_000 + 2 * number + (kind == "kept")))
            reply = ours.chat([[first]])[2] if kind == "kept" else "Giving it the passages that hold the answer. " * 3
            turn = [first, ChatMessage("assistant", reply), ChatMessage("user", "Why is that? Answer shortly.")]
            found[kind].append(ours.chat([turn])[0])
    return found


def main() -> None:
    """Measure, print tables, and write benchmarks/results/generate.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path)
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="generate", help="of the result's file")
    options = parser.parse_args()
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(options.threads)
    folder = find(resolve("smollm2-135m-instruct", Task.GENERATE), options.models_dir)
    tokenizer, ours = ChatTokenizer(folder), Ours(folder, options.threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    variants: dict[str, Run] = {
        "ours": ours.write,
        "ours, nothing guessed": Ours(folder, options.threads, guesses=False).write,
        "generate bf16": partial(plain_generate, model, tokenizer),
    }
    peers: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if options.gguf:
            from benchmarks.models.llamacpp_peer import LlamaCppPeer, requantised

            files = {"llama.cpp Q4_1": options.gguf, "llama.cpp Q8_0": requantised(options.gguf, Path(scratch))}
            peers = {name: LlamaCppPeer(path, options.threads) for name, path in files.items()}

        def on_llamacpp(peer: Any, prompts: Sequence[str]) -> tuple[float, float]:
            rows = [tokenizer.encode_chat([ChatMessage("user", text)]) for text in prompts]
            return peer.write(rows, NEW_TOKENS)  # type: ignore[no-any-return]

        variants |= {name: partial(on_llamacpp, peer) for name, peer in peers.items()}
        result: dict[str, Any] = {
            "what": f"SmolLM2-135M-Instruct, {NEW_TOKENS} tokens out",
            "prompt_tokens": len(tokenizer.encode_chat([ChatMessage("user", prompt(1))])),
            "on": surroundings(options.threads) | {"load_average": round(os.getloadavg()[0], 1)},
            "quality": quality(folder, PASSAGE, peers),
        }
        numbers = iter(range(10_000))
        for name, many in (("one", 1), ("eight_at_once", AT_ONCE)):
            result[name] = compared(variants, many, numbers, options.rounds)
        turns = second_turns(ours, options.rounds)
        result["second_turn"] = {kind: summary(values) for kind, values in turns.items()} | {
            "first_token_ratio": ratio(turns["kept"], turns["unseen"])
        }
        if options.gguf:
            result["start_to_first_answer"] = starts(folder, options.gguf, max(options.rounds // 2, 1), options.threads)
    print_tables(result)
    print("written to", save(options.name, result).name)
    ours.wait(ours.engine.close())


def compared(variants: dict[str, Run], many: int, numbers: Any, rounds: int) -> dict[str, Any]:
    """Run all variants in turn on fresh prompts; ratios are to each peer, round by round."""
    firsts: dict[str, list[float]] = {name: [] for name in variants}
    processor: dict[str, list[float]] = {name: [] for name in variants}

    def once(name: str) -> float:
        start = time.process_time()
        first, total = variants[name]([prompt(next(numbers)) for _ in range(many)])
        processor[name].append(time.process_time() - start)
        firsts[name].append(first)
        return total

    totals = interleaved({name: partial(once, name) for name in variants}, rounds)
    return {
        "first_token_s": {name: summary(values[1:]) for name, values in firsts.items()},
        "total_s": {name: summary(values) for name, values in totals.items()},
        "processor_s": {name: summary(values[1:]) for name, values in processor.items()},
        "total_ratio_to": {name: ratio(totals["ours"], totals[name]) for name in variants if name != "ours"},
        "processor_ratio_to": {
            name: ratio(processor["ours"][1:], processor[name][1:]) for name in variants if name != "ours"
        },
    }


def print_tables(result: dict[str, Any]) -> None:
    """Show the medians with the quality beside them."""
    rows = [["variant", "first token s", "total s", "8 at once s", "KL to fp32", "top token same"]]
    for name in result["one"]["total_s"]:
        of = result["quality"].get(name, {})
        rows.append(
            [
                name,
                f"{result['one']['first_token_s'][name]['median']:.2f}",
                f"{result['one']['total_s'][name]['median']:.2f}",
                f"{result['eight_at_once']['total_s'][name]['median']:.2f}",
                f"{of.get('kl_to_fp32', float('nan')):.4f}",
                f"{of.get('same_top_token', float('nan')):.3f}",
            ]
        )
    print(table(rows))
    for key in ("one", "eight_at_once"):
        for kind in ("total_ratio_to", "processor_ratio_to"):
            print(key, kind, {name: round(value["median"], 2) for name, value in result[key][kind].items()})
    print("second turn", result["second_turn"]["first_token_ratio"])
    print("start", result.get("start_to_first_answer", {}).get("ratio"))


if __name__ == "__main__":
    main()
