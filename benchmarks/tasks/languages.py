"""How often the language of a short line is told rightly: python -m benchmarks.tasks.languages FOLDER

FOLDER holds TSV files of sentence pairs named like `tatoeba.en-de.tsv`: source, tab, target. The peer is lingua alone,
with the same languages, in its accurate and in its small mode.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import save
from retrieval.language import _LANGUAGES, detect

CUTS = {"whole line": 0, "three words": 3}


def sentences(folder: Path) -> dict[str, list[str]]:
    """Lines by language, from every file of pairs."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.*-*.tsv")):
        source, target = path.name.split(".")[-2].split("-")
        for line in path.read_text("utf-8").splitlines():
            one, other = line.split("\t")
            found.setdefault(source, []).append(one)
            found.setdefault(target, []).append(other)
    return {language: list(dict.fromkeys(lines)) for language, lines in found.items()}


def lingua(accurate: bool) -> Callable[[str], str]:
    """The library alone, with Chinese beside the languages that Parley asks it for."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code) for code in (*_LANGUAGES, "ZH")]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    detector = (builder if accurate else builder.with_low_accuracy_mode()).build()

    def ask(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else ""

    return ask


def shortened(text: str, words: int, language: str) -> str:
    if not words:
        return text
    return text[: 2 * words] if language == "zh" else " ".join(text.split()[:words])


def measure(ask: Callable[[str], str], texts: Sequence[str], language: str) -> dict[str, float]:
    start = time.perf_counter()
    right = sum(ask(text) == language for text in texts)
    return {"right": round(right / len(texts), 4), "ms": round((time.perf_counter() - start) / len(texts) * 1000, 3)}


def main() -> None:
    """Measure, print and save."""
    lines = sentences(Path(sys.argv[1]))
    spoken = tuple(sorted(lines))
    ways: dict[str, Callable[[str], str]] = {
        "parley": lambda text: detect(text, "en"),
        "parley, in a talk of these languages": lambda text: detect(text, "en", spoken),
        "lingua, accurate": lingua(True),
        "lingua, small": lingua(False),
    }
    result: dict[str, Any] = {"languages": list(spoken), "lines": {code: len(texts) for code, texts in lines.items()}}
    for cut, words in CUTS.items():
        for name, ask in ways.items():
            ask("Wie geht es dir?")  # loads
            for language, texts in lines.items():
                cut_texts = [shortened(text, words, language) for text in texts]
                row = measure(ask, cut_texts, language)
                result.setdefault(cut, {}).setdefault(name, {})[language] = row
                print(f"{cut:<12} {name:<40} {language}  {row['right']:.3f}  {row['ms']:.3f} ms")
    print(save("task-languages", result))


if __name__ == "__main__":
    main()
