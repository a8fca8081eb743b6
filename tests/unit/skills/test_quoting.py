"""Which sentences of a passage are quoted."""

import pytest

from bot.doors.languages import LanguageDoor
from bot.skills.answering.quoting import MAX_CHARACTERS, best_quotation
from tests.support.doubles import EmptyKnowledge

SHIPPING = (
    "We ship to Norway, Sweden and Denmark. Parcels to Norway take seven days. "
    "Customs duties are paid by the customer. Every parcel is packed in recycled cardboard. Glass is wrapped in wool."
)
CHINESE = (
    "本店每天九点开门，晚上九点关门。发往上海的包裹两天送达，发往拉萨的包裹要七天。玻璃制品用纸棉包裹，外面再套一层纸箱。"
    "所有纸箱都是回收纸板做的，可以放心再次使用，也欢迎您把它们带回店里。"
    "会员生日当月可以领取一张优惠券，全场通用，不与其他优惠同享，逾期作废，敬请留意短信通知。"
)


async def quote(question: str, passage: str, language: str) -> str:
    return await best_quotation(question, passage, language, EmptyKnowledge(), LanguageDoor())


@pytest.mark.parametrize(
    ("question", "passage", "language", "said"),
    [
        ("How long do parcels to Norway take?", SHIPPING, "en", "Parcels to Norway take seven days."),
        ("Who pays customs duties?", SHIPPING, "en", "Customs duties are paid by the customer."),
        ("寄到拉萨要几天？", CHINESE, "zh", "发往上海的包裹两天送达，发往拉萨的包裹要七天。"),
    ],
)
async def test_the_sentence_that_answers(question: str, passage: str, language: str, said: str) -> None:
    assert said in await quote(question, passage, language)


async def test_quotations_are_word_for_word_and_short() -> None:
    said = await quote("Which countries do you ship parcels to?", SHIPPING, "en")
    assert len(said) <= MAX_CHARACTERS
    assert all(part.strip(". ") in SHIPPING for part in said.split(". "))


async def test_headings_are_left_out() -> None:
    assert await quote("When is it open?", "## Hours\n\nThe shop is open from nine to six.", "en") == (
        "The shop is open from nine to six."
    )
