"""What generative translators are asked with: their publishers' own words where there are some.

Hunyuan-MT, HY-MT1.5 and Hy-MT2 have documented prompts (the README files of their repositories): Chinese ones where
Chinese is one of the languages, else English ones, with the terms of a glossary before them. Other models get the same
instruction with the source language named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from models.tasks.languages import CHINESE_NAMES, NAMES

_HUNYUAN = re.compile(r"hunyuan-?mt|hy-?mt", re.IGNORECASE)


def translation_prompt(model: str, text: str, source: str, target: str, terms: Mapping[str, str]) -> str:
    """The user's message that asks a model for one translation."""
    if _HUNYUAN.search(model):
        if "zh" in (source, target) and target in CHINESE_NAMES:
            return _chinese(text, target, terms)
        return _hunyuan_english(text, target, terms)
    return _general(text, source, target, terms)


def _chinese(text: str, target: str, terms: Mapping[str, str]) -> str:
    lines = "\n".join(f"{term} 翻译成 {new}" for term, new in terms.items())
    before = f"参考下面的翻译：\n{lines}\n\n" if terms else ""
    return f"{before}将以下文本翻译为{CHINESE_NAMES[target]}，注意只需要输出翻译后的结果，不要额外解释：\n\n{text}"


def _hunyuan_english(text: str, target: str, terms: Mapping[str, str]) -> str:
    if not terms:
        return f"Translate the following segment into {NAMES[target]}, without additional explanation.\n\n{text}"
    lines = "\n".join(f"{term} translates to {new}" for term, new in terms.items())
    return (
        f"Reference the following translations:\n{lines}\n\nTranslate the following text into {NAMES[target]}. Note "
        f"that you must ONLY output the translated result without any additional explanation:\n\n{text}"
    )


def _general(text: str, source: str, target: str, terms: Mapping[str, str]) -> str:
    wishes = "".join(f"\n- {term} → {new}" for term, new in terms.items())
    glossary = f"\nUse these translations:{wishes}" if terms else ""
    return (
        f"Translate the text below from {NAMES.get(source, source)} into {NAMES[target]}. Write the translation alone, "
        f"without any explanation. Keep names, numbers, addresses, markup and emoji as they are.{glossary}\n\n{text}"
    )
