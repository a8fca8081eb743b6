"""Puts the figures of benchmarks/results into docs/reference/models.md: `python -m benchmarks.models.table`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.models.harness import RESULTS, table
from benchmarks.page import put_between

PAGE = RESULTS.parent.parent / "docs" / "reference" / "models.md"
BEGIN = "<!-- figures: python -m benchmarks.models.table -->"
GPU = "python -m benchmarks.models.gpu --shape 4b --shape 8b"

Found = Mapping[str, Any]


def main(page: Path = PAGE, results: Path = RESULTS) -> None:
    """Replace what stands between the marks."""
    generate, embed, remote = (_read(results / f"{name}.json") for name in ("generate", "embed", "remote"))
    gpu = [_read(path) for path in sorted(results.glob("gpu-*.json")) if not path.stem.endswith("-cpu")]
    blocks = [_targets(generate, embed, gpu), _written(generate), _embedded(embed), _remote(remote)]
    put_between(page, BEGIN, "\n\n".join([*blocks, *map(_on_gpu, gpu)]))


def _targets(generate: Found, embed: Found, gpu: list[Found]) -> str:
    rows = [["what", "against", "target", "measured", "", "threads"]]
    for found, cpu_rows in ((generate, _generate_rows(generate)), (embed, _embed_rows(embed))):
        for what, against, target, ratio in cpu_rows:
            rows.append([what, against, target, _spread(ratio), _verdict(target, ratio), str(found["on"]["threads"])])
    rows += list(_gpu_rows(gpu))
    return f"**Targets**\n\n{table(rows)}"


def _generate_rows(generate: Found) -> Iterator[tuple[str, str, str, Found]]:
    tokens = f"CPU: {generate['prompt_tokens']} tokens in, 32 out, in all"
    for key, what, target in (("one", tokens, "0.85×"), ("eight_at_once", "CPU: 8 at once, in all", "0.75×")):
        ratios = generate[key]["total_ratio_to"]
        peers = ("llama.cpp", "generate") if key == "eight_at_once" else ("llama.cpp",)
        rivals = [name for name in ratios if name.startswith(peers)]
        best = min(rivals, key=lambda name: float(generate[key]["total_s"][name]["median"]))
        yield what, f"{best}, the best of {len(rivals)}", f"at most {target}", ratios[best]
    second = generate["second_turn"]["first_token_ratio"]
    yield "second turn of a conversation, first token", "no prefix reuse", "at most 0.25×", second
    start = generate["start_to_first_answer"]["ratio"]
    yield "start to first answer, weights cached", "the GGUF loaded directly", "at most 0.25×", start


def _embed_rows(embed: Found) -> Iterator[tuple[str, str, str, Found]]:
    ours = "ours, auto"
    yield "embedder: one query", "sentence-transformers", "at most 0.3×", embed["query"][ours]["ratio"]
    for kind in ("mixed", "equal"):
        what = f"embedder: passages a second, {kind} lengths"
        yield what, "sentence-transformers", "at least 3.5×", embed[kind][ours]["ratio"]


def _verdict(target: str, ratio: Found) -> str:
    """Whether the median is on the right side of the target, "at most 0.3×" or "at least 3.5×"."""
    bound = float(target.rsplit(" ", 1)[1].removesuffix("×"))
    met = ratio["median"] <= bound if target.startswith("at most") else ratio["median"] >= bound
    return "met" if met else "missed"


def _gpu_rows(gpu: list[Found]) -> Iterator[list[str]]:
    rows = (
        ("GPU: tokens a second, one conversation", "weight bytes over bandwidth", "over 80%"),
        ("GPU: tokens a second, 32 conversations", "`generate`, one by one", "at least 15×"),
        ("GPU: tokens a second, at any number", "`transformers serve`", "never slower"),
        ("GPU: first token while 32 others stream", "p99 against p50", "under 2×"),
    )
    for row in rows:
        yield [*row, "see below" if gpu else f"not yet: no GPU was at hand (`{GPU}`)", "", ""]


def _written(found: Found) -> str:
    rows = [["variant", "first token, s", "in all, s", "8 at once, s", "KL to fp32", "same likeliest token"]]
    for name in found["one"]["total_s"]:
        quality = found["quality"][name.partition(", nothing")[0]]  # guesses change no number
        seconds = [
            f"{found[key][kind][name]['median']:.2f}"
            for key, kind in (("one", "first_token_s"), ("one", "total_s"), ("eight_at_once", "total_s"))
        ]
        rows.append([name, *seconds, f"{quality['kl_to_fp32']:.4f}", f"{quality['same_top_token']:.0%}"])
    return f"**{found['what']}** {_when(found)}\n\n{table(rows)}"


def _embedded(found: Found) -> str:
    rows = [["variant", "query, ms", "passages a second, mixed", "equal", "lowest cosine to fp32"]]
    for name, query in found["query"].items():
        rates = [f"{found[kind][name]['passages_per_s']['median']:.0f}" for kind in ("mixed", "equal")]
        cosine = min(found[kind][name]["lowest_cosine_to_fp32"] for kind in ("mixed", "equal"))
        rows.append([name, f"{1000 * query['query_s']['median']:.1f}", *rates, f"{cosine:.5f}"])
    return f"**{found['what']}** {_when(found)}\n\n{table(rows)}"


def _remote(found: Found) -> str:
    return (
        f"**A server's stream through Parley**, {found['what']}: tokens a second {_spread(found['tokens_ratio'])} of "
        f"the `openai` library alone, first token {_spread(found['first_token_ratio'])} {_when(found)}."
    )


def _on_gpu(found: Found) -> str:
    counts = list(next(iter(found["variants"].values()))["tokens_per_second"])
    rows = [["tokens a second, by conversations", *counts]]
    for name, one in found["variants"].items():
        rates = one.get("tokens_per_second", {})
        rows.append([name, *(f"{rates[count]['median']:.0f}" if count in rates else "–" for count in counts)])
    ours = json.dumps(found["ours_by"])
    return f"**{found['what']}**, {found['on']['device']} {_when(found)}\n\n{table(rows)}\n\nOurs by: `{ours}`"


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _when(found: Found) -> str:
    on = found["on"]
    threads = "one thread" if on["threads"] == 1 else f"{on['threads']} threads"
    return f"({on['date']}, {on['cores']} cores with {on['cpu_capability']}, {threads})"


def _spread(ratio: Found) -> str:
    return f"{ratio['median']:.2f}× ({ratio['lowest']:.2f}, {ratio['highest']:.2f})"


if __name__ == "__main__":
    main()
