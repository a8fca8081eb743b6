"""Drafts: kind and tone are read from what people write, and told to the model."""

from __future__ import annotations

import pytest

from bot.skills.drafting import read_kind, task


@pytest.mark.parametrize(
    ("words", "kind", "tone"),
    [
        ("mail", "mail", ""),
        ("mail friendly", "mail", "friendly"),
        ("friendly mail", "mail", "friendly"),
        ("Mail, formal", "Mail", "formal"),
        ("a formal letter", "letter", "formal"),
        ("report in a persuasive tone", "report", "persuasive"),
        ("poem in a pirate tone", "poem", "pirate"),
        ("thank-you note", "thank-you note", ""),
        ("shortlist", "shortlist", ""),
        ("邮件 友好", "邮件", "友好"),
        ("友好的邮件", "邮件", "友好"),
        ("用幽默的语气帖子", "帖子", "幽默"),
        ("通知", "通知", ""),
        ("friendly", "", "friendly"),
        ("", "", ""),
    ],
)
def test_kind_and_tone_are_told_apart(words: str, kind: str, tone: str) -> None:
    found = read_kind(words)
    assert (found.get("kind", ""), found.get("tone", "")) == (kind, tone)


def test_the_model_is_told_what_a_kind_is_made_of() -> None:
    asked = task("e-mail", "warm", "moved to Friday", "en")
    assert asked.splitlines()[0].startswith("Write: e-mail, with a subject line")
    assert asked.splitlines()[1:] == ["Tone: friendly", "Notes: moved to Friday"]
    assert task("poem", "", "spring", "en") == "Write: poem\nNotes: spring"
    assert task("", "", "spring", "en") == "Write: a text\nNotes: spring"
    assert "Language: German" in task("mail", "", "x", "de")


def test_chinese_is_asked_for_in_chinese() -> None:
    assert task("邮件", "歉意", "改到周五", "zh").splitlines() == [
        "体裁：邮件（主题行、称呼、几个短段落和落款）",
        "语气：诚恳致歉",
        "要点：改到周五",
    ]
    assert task("", "", "改到周五", "zh") == "体裁：文稿\n要点：改到周五"
