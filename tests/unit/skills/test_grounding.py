"""A sentence is shown only if the passages support it."""

import pytest

from bot.doors.languages import LanguageDoor
from bot.skills.answering.grounding import Evidence

PASSAGE = (
    "You can return an item within 30 days of delivery. The refund is paid within 5 working days. "
    "Gift cards cannot be returned."
)
CHINESE = "商品签收后30天内可以退货。退款将在5个工作日内到账。礼品卡不能退货。"


@pytest.mark.parametrize(
    ("sentence", "supported"),
    [
        ("You can return an item within 30 days of delivery.", True),
        ("Items can be returned within 30 days of delivery.", True),
        ("You can return an item within 60 days of delivery.", False),  # another number
        ("Gift cards can be returned.", False),  # the denial is gone
        ("You cannot return an item within 30 days of delivery.", False),  # a denial that is not there
        ("Our friendly support team in Berlin will gladly help you.", False),
        ("Yes.", False),  # says nothing that could be checked
    ],
)
def test_english(sentence: str, supported: bool) -> None:
    assert Evidence([PASSAGE], "en", LanguageDoor()).support(sentence).supported is supported


@pytest.mark.parametrize(
    ("sentence", "supported"),
    [
        ("签收后30天内可以退货。", True),
        ("签收后60天内可以退货。", False),
        ("礼品卡可以退货。", False),
        ("我们的客服团队随时为您提供热情的帮助。", False),
    ],
)
def test_chinese(sentence: str, supported: bool) -> None:
    assert Evidence([CHINESE], "zh", LanguageDoor()).support(sentence).supported is supported


def test_numbers_are_compared_without_separators() -> None:
    evidence = Evidence(["The prize is 1,500 euros."], "en", LanguageDoor())
    assert evidence.support("The prize is 1500 euros.").supported
