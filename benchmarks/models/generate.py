"""First token, totals and quality of the in-process engine, against transformers' `generate` and llama.cpp.

    python -m benchmarks.models.generate MODELS_DIR [--gguf FILE] [--rounds 5] [--threads 2]

Needs the embedded models on disk (`parley models fetch`). With --gguf, the file that the model was converted from,
llama.cpp (package llama-cpp-python) runs it as it is (Q4_1) and in Q8_0, and loading it directly by transformers is
compared with the start from converted weights. Each writes in a process of its own, in turns. No speed is printed
without its quality beside it: the mean KL divergence to fp32, token by token as text is written, and how often the
likeliest token is the same. Beside the seconds stand those of the processor: on a machine that others use too they are
what can be compared, best with --threads 1, since threads that wait for one another count as working.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.models.aside import Aside
from benchmarks.models.generate_quality import quality
from benchmarks.models.generate_start import starts
from benchmarks.models.harness import interleaved, ratio, save, summary, surroundings, table
from benchmarks.models.writers import AT_ONCE, NEW_TOKENS, OnLlamaCpp, Ours, PlainGenerate
from models.catalogue import Task, resolve
from models.engines.tokenizing import ChatTokenizer
from models.types import ChatMessage
from models.weights import find

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


def prompt(number: int) -> str:
    """A prompt of about 293 tokens that shares nothing with another but the template's beginning."""
    return f"({number}) {PASSAGE * 2}\n\n{QUESTION}"


def second_turns(ours: Aside, rounds: int) -> dict[str, list[float]]:
    """Time to the first token of a second turn, with what is kept of the first, and of one that nobody has seen."""
    found: dict[str, list[float]] = {"kept": [], "unseen": []}
    for number in range(rounds):
        for kind in found:
            first = ChatMessage("user", prompt(10_000 + 2 * number + (kind == "kept")))
            kept = kind == "kept"
            reply = ours.call("chat", [[first]])[0][2] if kept else "Giving it the passages that hold the answer. " * 3
            turn = [first, ChatMessage("assistant", reply), ChatMessage("user", "Why is that? Answer shortly.")]
            found[kind].append(ours.call("chat", [turn])[0][0])
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
    threads = options.threads
    folder = find(resolve("smollm2-135m-instruct", Task.GENERATE), options.models_dir)
    with tempfile.TemporaryDirectory() as scratch:
        files: dict[str, Path] = {}
        if options.gguf:
            from benchmarks.models.llamacpp_peer import requantised

            files = {"llama.cpp Q4_1": options.gguf, "llama.cpp Q8_0": requantised(options.gguf, Path(scratch))}
        peers = {name: Aside(OnLlamaCpp, path, folder, threads) for name, path in files.items()}
        result: dict[str, Any] = {
            "what": f"SmolLM2-135M-Instruct, {NEW_TOKENS} tokens out",
            "prompt_tokens": len(ChatTokenizer(folder).encode_chat([ChatMessage("user", prompt(1))])),
            "on": surroundings(threads) | {"load_average": round(os.getloadavg()[0], 1)},
            "quality": quality(folder, PASSAGE, peers),
        }
        variants = {
            "ours": Aside(Ours, folder, threads),
            "ours, nothing guessed": Aside(Ours, folder, threads, False),
            "generate bf16": Aside(PlainGenerate, folder, threads),
        } | peers
        numbers = iter(range(10_000))
        for name, many in (("one", 1), ("eight_at_once", AT_ONCE)):
            result[name] = compared(variants, many, numbers, options.rounds)
        turns = second_turns(variants["ours"], options.rounds)
        result["second_turn"] = {kind: summary(values) for kind, values in turns.items()} | {
            "first_token_ratio": ratio(turns["kept"], turns["unseen"])
        }
        for writer in variants.values():
            writer.close()
        if options.gguf:
            result["start_to_first_answer"] = starts(folder, options.gguf, max(options.rounds // 2, 1), threads)
    print_tables(result)
    print("written to", save(options.name, result).name)


def compared(variants: dict[str, Aside], many: int, numbers: Iterator[int], rounds: int) -> dict[str, Any]:
    """Run all variants in turn on fresh prompts; ratios are to each peer, round by round."""
    firsts: dict[str, list[float]] = {name: [] for name in variants}
    processor: dict[str, list[float]] = {name: [] for name in variants}

    def once(name: str) -> float:
        prompts = [prompt(next(numbers)) for _ in range(many)]
        (first, total), spent = variants[name].call("write", prompts)
        processor[name].append(spent)
        firsts[name].append(first)
        return float(total)

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
