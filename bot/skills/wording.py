"""Names of languages, both ways, from the Unicode CLDR by Babel."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.localedata import exists

OFFERED = ("zh", "en")  # those that Parley's own sentences are written in

# What people say that the CLDR does not list.
_COLLOQUIAL = {
    "mandarin": "zh", "汉语": "zh", "普通话": "zh", "国语": "zh", "简体中文": "zh", "英文": "en", "日文": "ja",
    "法文": "fr", "德文": "de", "韩文": "ko", "俄文": "ru", "西班牙文": "es", "西语": "es",
}  # fmt: skip


@cache
def _codes_by_name() -> dict[str, str]:
    names: dict[str, str] = {}
    for code in map(str, Locale("en").languages):
        if len(code) == 2:
            displays = {"en", "zh", code} if exists(code) else {"en", "zh"}
            for display in displays:
                name = Locale(display).languages.get(code)
                if name:
                    names.setdefault(str(name).casefold(), code)
    return names | _COLLOQUIAL


def language_code(name: str) -> str | None:
    """The ISO 639-1 code of a language named in English, in Chinese, in itself, or by its code; None if unknown.

    >>> language_code("Chinese"), language_code("德语"), language_code("français"), language_code("zh-CN")
    ('zh', 'de', 'fr', 'zh')
    """
    folded = name.strip().casefold()
    head = folded.replace("_", "-").partition("-")[0]
    if len(head) == 2 and head in Locale("en").languages:
        return head
    return _codes_by_name().get(folded)


def language_name(code: str, display: str) -> str:
    """The name of a language in another one (`display`); the code itself where the CLDR has none."""
    locale = Locale(display) if exists(display) else Locale("en")
    return str(locale.languages.get(code, code))


def name_in_sentence(code: str, language: str) -> str:
    """The name of a language for one of Parley's own sentences, which are English where there are none in `language`.

    >>> name_in_sentence("de", "zh"), name_in_sentence("de", "fr")
    ('德语', 'German')
    """
    return language_name(code, language if language in OFFERED else "en")
