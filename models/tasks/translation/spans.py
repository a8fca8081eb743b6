"""What a translation must leave as it is: code, markup, addresses, mentions, emoji, numbers, names of things.

[span.text for span in find_spans("Run `ls` at https://a.example, @ann 🙂", "en")]
# ['`ls`', 'https://a.example', '@ann', '🙂']
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import regex

WRITTEN_OTHERWISE = frozenset({"ar", "bg", "bn", "el", "fa", "he", "hi", "ja", "ko", "ru", "th", "uk", "ur", "zh"})
"""Languages in which a run of Latin letters is a name of something: it stays in any translation."""


class Kind(StrEnum):
    """What a span is. Of OPAQUE ones a model knows nothing; the others it mostly copies by itself."""

    CODE = "code"
    MARKUP = "markup"  # in pairs: their order counts
    ADDRESS = "address"
    MENTION = "mention"
    EMOJI = "emoji"
    NUMBER = "number"
    NAME = "name"
    TERM = "term"  # of the glossary


OPAQUE = frozenset({Kind.CODE, Kind.MARKUP, Kind.ADDRESS, Kind.MENTION, Kind.EMOJI, Kind.TERM})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, and what is to stand for it in the translation (`shown`: the same, but for a term)."""

    start: int
    end: int
    kind: Kind
    text: str
    shown: str


_WORD = "A-Za-z0-9_"  # in Chinese an address follows a word without a space
_STOP = r"\s<>\"'`，。！？；：、（）《》「」『』【】“”‘’"  # what no address goes beyond
_TOP = "com|org|net|edu|gov|info|io|dev|app|ai|cn|hk|tw|jp|kr|de|at|ch|fr|uk|eu|es|it|nl|pl|ru|me|co|tv|xyz"
_FILES = "py|js|ts|json|ya?ml|toml|md|txt|pdf|docx?|xlsx?|pptx?|csv|png|jpe?g|gif|svg|zip|gz|exe|sh|bat|html?|css|log"
_PICTURE = r"\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?"
# Numbers of these are written otherwise in other languages: 3 万 is 30 thousand, 3 月 is March.
_COUNTED = "[万亿千百十年月日号点时分秒岁]|million|billion|thousand|hundred|Millionen|Milliarden"

_PATTERNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.CODE: (
        r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
        r"<(?P<raw>pre|code|script|style)\b[^<>]*>.*?</(?P=raw)\s*>",
        r"\{\{[^{}]*\}\}|\$?\{[\w.]+\}|%\(\w+\)[sdif]|%[sd](?!\w)",
    ),
    Kind.MENTION: (
        r"<(?:@[!&]?|\#)\d+>|</[\w -]+:\d+>|<t:\d+(?::\w)?>",
        rf"(?<![{_WORD}@.])@[A-Za-z0-9_](?:[{_WORD}.]*[A-Za-z0-9_])?(?![{_WORD}@])",
        rf"(?<![{_WORD}@.])@[\p{{L}}\p{{N}}_]{{1,12}}(?=\s|$|\p{{P}})",
        r"(?<![\w&#])\#[A-Za-z][A-Za-z0-9_]*(?!\w)",
        r"(?<![\w/<.:])/[a-z][a-z_]+(?:@\w+)?(?![\w/.])",
    ),
    Kind.EMOJI: (
        r"<a?:\w+:\d+>|(?<![\w:]):[a-z0-9_+-]{2,32}:(?![\w:])",
        rf"(?:\p{{RI}}{{2}}|[0-9#*]\uFE0F?\u20E3|{_PICTURE}(?:\u200D{_PICTURE})*[\U000E0020-\U000E007F]*)+",
        r"(?<!\w)[:;=]['’-]?[()DPpOo3/\\|*]+(?!\w)",
    ),
    Kind.ADDRESS: (
        rf"<(?:https?|ftp|mailto):[^\s<>]+>|(?:https?|ftp)://[^{_STOP}]+(?<![.,;:!?)\]}}*_~|])",
        rf"(?<![{_WORD}.])www\.[^{_STOP}]+(?<![.,;:!?)\]}}*_~|])",
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        rf"(?<![{_WORD}.@-])(?:[A-Za-z0-9-]+\.)+(?:{_TOP})(?![{_WORD}.@-]*[{_WORD}])(?:/[^{_STOP}]*(?<![.,;:!?)\]}}*_~|]))?",
        rf"(?<![{_WORD}.])(?:[A-Za-z]:\\|~?/|\.{{1,2}}/)?(?:[{_WORD}.-]+[/\\])*[{_WORD}-]+\.(?:{_FILES})(?![{_WORD}])",
    ),
    Kind.MARKUP: (
        r"<!--.*?-->|</?[A-Za-z][^<>]*>|&(?:[A-Za-z]+|\#\d+|\#x[0-9A-Fa-f]+);",
        r"!?\[(?=[^\]\n]*\]\()|\]\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[\^[\w-]+\]",
        r"\*{1,3}+(?=\S)|(?<=\S)\*{1,3}+|~~|\|\||(?<!\w)_{1,2}+(?=\S)|(?<=\S)_{1,2}+(?!\w)",
        r"\\[\\`*_{}\[\]()#+.!|~-]",
    ),
    Kind.NUMBER: (
        rf"(?<![A-Za-z\d_])(?<!\d[.,])(?>[$€£¥￥]?\d+(?:[.,:/–-]\d+)*(?:[%‰]|°[CF]?)?)(?![A-Za-z\d_])(?!\s?(?:{_COUNTED}))",
    ),
    Kind.NAME: (
        r"(?<![\w-])[A-Za-z]+(?:[-_.]?\d++)++(?:[-_.]?[A-Za-z\d]++)*+(?![\w-])",  # ORD-2024-001, v2.1
        r"(?<!\w)[A-Za-z]+(?:_[A-Za-z\d]+)+(?!\w)",  # snake_case
        r"(?<!\w)(?:[a-z]+[A-Z][A-Za-z]*|[A-Z][a-z]+[A-Z][A-Za-z]*)(?!\w)",  # iPhone, GitHub
    ),
}
_LATIN = r"[A-Za-z][A-Za-z\d'’.&+#-]*(?<![.'’&-])(?:[ ][A-Za-z\d][A-Za-z\d'’.&+#-]*(?<![.'’&-])){0,3}"


def find_spans(text: str, source: str, terms: Mapping[str, str] | None = None) -> list[Span]:
    """Find the spans of a text in the language `source`, in order, none within another.

    `terms` of a glossary give way to code, markup and addresses, and come before numbers and names.
    """
    wished = terms or {}
    found = _terms(text, wished) if wished else []
    fixed = [span for span in _matches(text, source) if span.kind in OPAQUE]
    found = [term for term in found if not _overlaps(term, fixed)]
    fixed = sorted([*fixed, *found], key=lambda span: span.start)
    loose = [span for span in _matches(text, source) if span.kind not in OPAQUE and not _overlaps(span, fixed)]
    return sorted([*fixed, *loose], key=lambda span: span.start)


def _matches(text: str, source: str) -> Iterator[Span]:
    for match in _pattern(source in WRITTEN_OTHERWISE).finditer(text):
        kind = next(kind for kind in Kind if kind is not Kind.TERM and match[f"k_{kind.value}"] is not None)
        yield Span(match.start(), match.end(), kind, match[0], match[0])


def _terms(text: str, terms: Mapping[str, str]) -> list[Span]:
    folded = {term.casefold(): translation for term, translation in terms.items()}
    return [
        Span(match.start(), match.end(), Kind.TERM, match[0], folded[match[0].casefold()])
        for match in _term_pattern(tuple(terms)).finditer(text)
        if match[0].casefold() in folded
    ]


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Whether a span shares a character with one of the others, which stand in order."""
    at = bisect_right(others, span.start, key=lambda other: other.start)
    before = at > 0 and others[at - 1].end > span.start
    return before or (at < len(others) and others[at].start < span.end)


@lru_cache(maxsize=2)
def _pattern(with_latin: bool) -> regex.Pattern[str]:
    """One pattern with a group a kind; where two begin at the same place, the kind named first wins."""
    groups = [f"(?P<k_{kind.value}>{'|'.join(patterns)})" for kind, patterns in _PATTERNS.items()]
    if with_latin:
        groups[-1] = f"{groups[-1][:-1]}|{_LATIN})"
    return regex.compile("|".join(groups), regex.DOTALL)


@lru_cache(maxsize=16)
def _term_pattern(terms: tuple[str, ...]) -> regex.Pattern[str]:
    """Words of scripts with spaces count whole; the longest term wins."""
    longest_first = sorted(terms, key=len, reverse=True)
    return regex.compile("|".join(map(_bounded, longest_first)), regex.IGNORECASE)


def _bounded(term: str) -> str:
    spaced = r"[\p{Latin}\p{Cyrillic}\p{Greek}\d]"
    before = rf"(?<!{spaced})" if regex.match(spaced, term[0]) else ""
    after = rf"(?!{spaced})" if regex.match(spaced, term[-1]) else ""
    return f"{before}{regex.escape(term)}{after}"
