"""Words for matching: normalised, segmented, stemmed.

Han runs are segmented by jieba in search mode after conversion to simplified characters; other words are casefolded and
stemmed by the Snowball stemmer of the language. Kana, Hangul and Thai, which have no spaces or long endings, become
character bigrams. Full-width forms become half-width by NFKC.
"""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from retrieval.language import HAN
from retrieval.stopwords import stop_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BIGRAM_SCRIPTS = r"\u3040-\u30ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7af\u0e00-\u0e7f"
_RUNS = re.compile(rf"(?P<han>[{HAN}]+)|(?P<bigram>[{_BIGRAM_SCRIPTS}]+)|(?P<word>[^\W_{HAN}{_BIGRAM_SCRIPTS}]+)")
_STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "it": "italian", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
# Parts of speech (ICTCLAS tags as jieba gives them) that carry a topic: nouns, verbs, adjectives, idioms, …
CONTENT_TAGS = ("n", "v", "a", "i", "l", "j", "eng", "t", "s", "x", "m")

# Words that make jieba cut what people write to a helpdesk wrongly: 没收 (confiscate) in 没收到 (not received).
_MISLEADING = ("没收",)

_lock = Lock()


def normalise(text: str) -> str:
    """NFKC (full-width to half-width), casefolded, traditional Chinese characters simplified."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return simplify(folded) if re.search(f"[{HAN}]", folded) else folded


def exact_key(text: str) -> str:
    """What two texts share when they differ in case, width, spaces and punctuation alone; may be empty."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        character for character in folded if character.isalnum() or unicodedata.category(character)[0] == "S"
    )


def words(text: str, language: str = "en") -> list[str]:
    """The words of a text for matching, in order, stop words included. Chinese compounds come with their parts."""
    return list(_words(normalise(text), language))


def content_words(text: str, language: str = "en", *, by_part_of_speech: bool = False) -> list[str]:
    """The words that carry the topic, in order: no stop words, and, if asked, Chinese by part of speech alone."""
    if by_part_of_speech and language == "zh":
        return list(_tagged(normalise(text)))
    stopped = stop_words(language) | stop_words("en")
    stem = _stemmer(language if language != "zh" else "en")
    stems = frozenset(stem(word) for word in stopped) if language != "zh" else stopped
    return [word for word in words(text, language) if word not in stopped and word not in stems]


def segment(text: str) -> list[str]:
    """A Chinese text in words that do not overlap (jieba's default mode), as written; joined they give the text."""
    return [str(word) for word in _jieba().lcut(text)]


def frequency(word: str) -> int:
    """How often a Chinese word occurs in the texts that jieba counted; 0 for one that it does not know."""
    return int(_jieba().FREQ.get(word) or 0)


def _words(text: str, language: str) -> Iterator[str]:
    stem = _stemmer(language if language in _STEMMERS else "en")
    for run in _RUNS.finditer(text):
        token = run.group()
        if run.lastgroup == "word":
            yield stem(token)
        elif run.lastgroup == "han" and language != "ja":
            yield from _jieba().lcut_for_search(token)
        else:
            yield from _bigrams(token)


def _bigrams(token: str) -> list[str]:
    return [token[i : i + 2] for i in range(len(token) - 1)] or [token]


def _tagged(text: str) -> Iterator[str]:
    stem = _stemmer("en")
    for word, tag in _posseg().cut(text):
        if tag.startswith(CONTENT_TAGS) and word not in stop_words("zh") and _RUNS.match(word):
            yield stem(word)


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer

    stemmer = snowballstemmer.stemmer(_STEMMERS.get(language, "english"))
    lock = Lock()  # a Snowball stemmer keeps state between calls of one word

    @lru_cache(maxsize=50_000)
    def stem(word: str) -> str:
        with lock:
            return str(stemmer.stemWord(word))

    return stem


def simplify(text: str) -> str:
    """Traditional Chinese characters as simplified ones (OpenCC); a text of the same length for nearly all texts."""
    return str(_converter().convert(text))


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _jieba() -> Any:
    with _lock:
        return _load_jieba()


def _own_cache_dir() -> Path:
    """Where jieba keeps its prefix table: the user's own cache folder. It may not exist where none can be made.

    By default jieba unmarshals whatever lies in the shared temporary folder, whoever put it there.
    """
    from platformdirs import user_cache_path

    folder = user_cache_path("parley", appauthor=False)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@lru_cache(maxsize=1)
def _load_jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its regular expressions warn when they are first compiled
        import jieba

    jieba.setLogLevel(logging.CRITICAL)  # a cache that cannot be kept is told with a traceback, and only costs a second
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(_own_cache_dir())
    tokenizer.initialize()
    for word in _MISLEADING:
        tokenizer.del_word(word)
    return tokenizer


@lru_cache(maxsize=1)
def _posseg() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba.posseg
    return jieba.posseg.POSTokenizer(_jieba())
