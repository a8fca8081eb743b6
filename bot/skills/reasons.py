"""Why something was refused, in the person's language."""

from __future__ import annotations

from bot.ports import Reason, Texts


def said(reason: Reason, language: str, texts: Texts) -> str:
    """The sentence, behind the line that it is about."""
    sentence = texts(reason.text_id, language, **reason.values)
    return texts("refused-line", language, line=reason.line, reason=sentence) if reason.line else sentence
