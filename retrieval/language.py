"""Which language a text is in, by its script first and by statistics (lingua) only where the script does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|`[^`]*`|\S+@\S+|(?<!\w)[@/]\w+")  # addresses, code, mentions, commands
_WORD = re.compile(r"[^\W\d_]+")

# Statistical models cost memory: these are the languages that lingua tells apart here, in its small mode.
_LANGUAGES = ("EN", "DE", "FR", "ES", "IT", "PT", "NL", "PL", "SV", "TR", "RU", "UK", "AR", "VI", "ID", "HI")
# English function words that are also common words elsewhere do not speak for English.
_SHARED_WORDS = "a am an as at die do has he her hers him in is it just let me more my no on or over so s t d m"
_ONLY_ENGLISH = ENGLISH - set(_SHARED_WORDS.split())
_SAMPLE = 2000  # characters that are looked at
_SURE = 0.65  # lingua's confidence below which a text counts as ambiguous: "Tell me a joke" is Vietnamese to .55
_CHINESE_GRAMMAR = re.compile("[的了是在我你您他她它这那不没吗呢吧啊也都就很想要去来有个么们把被给请]")
_LONG, _CERTAIN = 5, 0.9  # words, and lingua's confidence, from which a language is believed that is not spoken here
_NOT_LATIN = frozenset({"ar", "hi", "ja", "ko", "ru", "th", "uk", "zh"})

_lock = Lock()


def has_han(text: str) -> bool:
    """Whether a text has any Chinese character."""
    return _HAN.search(text) is not None


def detect(text: str, default: str = "en", among: Sequence[str] = ()) -> str:
    """The ISO 639-1 code of a text's language; `default` where it cannot be told (no letters, or one or two words).

    `among` are the languages that are spoken here: a short text is in one of them, and another language is believed
    only of a longer text that is surely in it.
    """
    sample = _NO_WORDS.sub(" ", text[:_SAMPLE])
    by_script = _by_script(sample)
    if by_script:
        return "ja" if by_script == "zh" and "ja" in among and "zh" not in among else by_script
    words = [word.casefold() for word in _WORD.findall(_HAN.sub(" ", sample))]
    if not words:
        return default
    spoken = tuple(sorted({code for code in among if code.upper() in _LANGUAGES}))
    english = sum(word in _ONLY_ENGLISH for word in words)
    if english * 5 >= len(words) and (not spoken or "en" in spoken):
        return "en"
    if spoken:
        return _among(" ".join(words), len(words), spoken)
    return _by_statistics(" ".join(words), len(words), default)


def _by_script(sample: str) -> str | None:
    kana, hangul, han = (len(p.findall(sample)) for p in (_KANA, _HANGUL, _HAN))
    latin = len(_WORD.findall(_HANGUL.sub(" ", _KANA.sub(" ", _HAN.sub(" ", sample)))))
    asian = kana + hangul + han
    if not asian:
        return "th" if len(_THAI.findall(sample)) > latin else None
    if asian < latin:  # a few foreign characters in a text of Latin words
        return None
    if asian == latin and _english_around(sample):  # "I love 火锅"
        return None
    if kana * 10 > han:
        return "ja"
    return "ko" if hangul > han else "zh"


def _english_around(sample: str) -> bool:
    """Whether as many Chinese characters as English words stand in an English sentence."""
    words = {word.casefold() for word in _WORD.findall(_HAN.sub(" ", sample))}
    return bool(words & (_ONLY_ENGLISH | {"i"})) and not _CHINESE_GRAMMAR.search(sample)


def _among(text: str, words: int, spoken: tuple[str, ...]) -> str:
    if words >= _LONG:
        ranked = _detector().compute_language_confidence_values(text)
        if ranked and ranked[0].value >= _CERTAIN:
            return ranked[0].language.iso_code_639_1.name.lower()
    latin = _is_latin(text)
    fitting = tuple(code for code in spoken if (code not in _NOT_LATIN) is latin) or spoken
    if len(fitting) == 1:
        return fitting[0]
    found = _detector(fitting).detect_language_of(text)
    return found.iso_code_639_1.name.lower() if found else fitting[0]


def _is_latin(text: str) -> bool:
    return text.isascii() or all(ord(character) < 0x250 for character in text)


def _by_statistics(text: str, words: int, default: str) -> str:
    ranked = _detector().compute_language_confidence_values(text)
    if not ranked:
        return default
    best = ranked[0]
    latin = _is_latin(text)
    if latin and words <= 2 and best.value < 0.9:
        return default  # a name or a term, as people write in any language
    if latin and best.value < _SURE:
        return "en" if default in _NOT_LATIN else default
    return best.language.iso_code_639_1.name.lower()


def _detector(codes: tuple[str, ...] = ()) -> LanguageDetector:
    """The detector of all languages, or of some."""
    with _lock:
        return _build_detector(codes)


@lru_cache(maxsize=8)
def _build_detector(codes: tuple[str, ...]) -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    languages = [getattr(IsoCode639_1, code.upper()) for code in codes or _LANGUAGES]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*languages)
    # The small mode knows three letters at a time, the other one five: more memory, which a few languages are worth.
    return builder.build() if codes else builder.with_low_accuracy_mode().build()
