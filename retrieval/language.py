"""Which language a text is in, by its script first and by statistics (lingua) only where the script does not tell."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from retrieval.stopwords import ENGLISH

if TYPE_CHECKING:
    from lingua import LanguageDetector

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W\d_]+")

# Statistical models cost memory: these are the languages that lingua tells apart here, in its small mode.
_LANGUAGES = ("EN", "DE", "FR", "ES", "IT", "PT", "NL", "PL", "SV", "TR", "RU", "UK", "AR", "VI", "ID", "HI")
# English function words that are also common words elsewhere do not speak for English.
_SHARED_WORDS = "a am an as at die do has he her hers him in is it just let me more my no on or over so s t d m"
_ONLY_ENGLISH = ENGLISH - set(_SHARED_WORDS.split())
_SAMPLE = 2000  # characters that are looked at
_SURE = 0.65  # lingua's confidence below which a text counts as ambiguous: "Tell me a joke" is Vietnamese to .55
_NOT_LATIN = frozenset({"ar", "hi", "ja", "ko", "ru", "th", "uk", "zh"})

_lock = Lock()


def has_han(text: str) -> bool:
    """Whether a text has any Chinese character."""
    return _HAN.search(text) is not None


def detect(text: str, default: str = "en") -> str:
    """The ISO 639-1 code of a text's language; `default` where it cannot be told (no letters, or one or two words)."""
    sample = text[:_SAMPLE]
    by_script = _by_script(sample)
    if by_script:
        return by_script
    words = [word.casefold() for word in _WORD.findall(_HAN.sub(" ", sample))]
    if not words:
        return default
    english = sum(word in _ONLY_ENGLISH for word in words)
    if english * 5 >= len(words):
        return "en"
    return _by_statistics(" ".join(words), len(words), default)


def _by_script(sample: str) -> str | None:
    kana, hangul, han = (len(p.findall(sample)) for p in (_KANA, _HANGUL, _HAN))
    latin = len(_WORD.findall(_HANGUL.sub(" ", _KANA.sub(" ", _HAN.sub(" ", sample)))))
    asian = kana + hangul + han
    if not asian:
        return "th" if len(_THAI.findall(sample)) > latin else None
    if asian < latin:  # a few foreign characters in a text of Latin words
        return None
    if kana * 10 > han:
        return "ja"
    return "ko" if hangul > han else "zh"


def _by_statistics(text: str, words: int, default: str) -> str:
    ranked = _detector().compute_language_confidence_values(text)
    if not ranked:
        return default
    best = ranked[0]
    latin = text.isascii() or all(ord(character) < 0x250 for character in text)
    if latin and words <= 2 and best.value < 0.9:
        return default  # a name or a term, as people write in any language
    if latin and best.value < _SURE:
        return "en" if default in _NOT_LATIN else default
    return best.language.iso_code_639_1.name.lower()


def _detector() -> LanguageDetector:
    with _lock:
        return _build_detector()


@lru_cache(maxsize=1)
def _build_detector() -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code) for code in _LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()
