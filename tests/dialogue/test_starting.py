"""`/start`: the greeting with questions to begin with, and links that lead to an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import Choice, Outcome
from bot.skills import AnswerOptions
from bot.skills.answer import AnswerSkill
from bot.skills.service.help import HelpSkill
from bot.skills.service.start import StartSkill
from tests.support.desk import Desk
from tests.support.people import seat
from tests.support.personas import TUTOR, TwoPersonas
from tests.support.shelf import Shelf
from tests.support.shop import ARTICLE, FAQ

PRIVATE, PRIVATE_ZH = seat(), seat(locale="zh")
RETURNS, CHINESE_RETURNS = "You can return any item within 30 days of delivery.", "签收后30天内可以退货。"


async def shop(folder: Path, **desk: object) -> Desk:
    shelf = Shelf(folder)
    for name, text in (("faq.yaml", FAQ), ("shipping.md", ARTICLE), ("long.md", "# Long\n\n" + "A sentence. " * 500)):
        assert (await shelf.library.learn(shelf.file(name, text))).status == "added"
    return Desk(
        [StartSkill(), HelpSkill(), AnswerSkill()],
        knowledge=shelf.knowledge,
        options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05),
        library=shelf.library,
        **desk,  # type: ignore[arg-type]
    )


async def test_the_greeting_offers_questions_in_the_persons_language(tmp_path: Path) -> None:
    desk = await shop(tmp_path)
    english, chinese = await desk.reply("/start", seat=PRIVATE), await desk.reply("/start", seat=PRIVATE_ZH)
    assert english.text.startswith("Hello! I am Parley.") and english.text.endswith("For example, ask:")
    assert english.choices[0] == Choice("When is the shop open?", "When is the shop open?")
    assert len(english.choices) == 3
    assert chinese.text.startswith("您好！我是 Parley。")
    assert [choice.text for choice in chinese.choices] == ["怎么开发票？", "多久之内可以退货？"]
    assert await desk.say(english.choices[0].text, seat=PRIVATE) == (
        "The shop is open from nine to six, Monday to Saturday."
    )


async def test_without_questions_only_the_greeting() -> None:
    reply = await Desk([StartSkill()]).reply("/start", seat=PRIVATE)
    assert reply.choices == () and "For example" not in reply.text


async def test_a_personas_greeting_is_its_own(tmp_path: Path) -> None:
    desk = await shop(tmp_path, personas=TwoPersonas(default=TUTOR))
    assert (await desk.say("/start", seat=PRIVATE)).startswith("What shall we learn?")
    assert (await desk.say("/start", seat=PRIVATE_ZH)).startswith("今天学什么？")


@pytest.mark.parametrize(
    ("link", "where", "answer"),
    [
        ("return-window", PRIVATE, RETURNS),
        ("return-window", PRIVATE_ZH, CHINESE_RETURNS),
        ("return-window_zh", PRIVATE, RETURNS),
        ("return-window_zh", PRIVATE_ZH, CHINESE_RETURNS),
        ("invoice", PRIVATE, "在订单页面点击“申请发票”，一天内发到邮箱。"),
    ],
)
async def test_a_link_leads_to_the_answer(tmp_path: Path, link: str, where: object, answer: str) -> None:
    desk = await shop(tmp_path)
    reply = await desk.reply(f"/start {link}", seat=where)  # type: ignore[arg-type]
    assert (reply.text, reply.outcome, reply.skill) == (answer, Outcome.CURATED, "answer")
    assert reply.citations[0].passage == answer


async def test_an_answer_in_another_language_says_so(tmp_path: Path) -> None:
    reply = await (await shop(tmp_path)).reply("/start invoice", seat=PRIVATE)
    assert reply.notice == "This answer exists in Chinese only."


async def test_an_unknown_link_greets(tmp_path: Path) -> None:
    desk = await shop(tmp_path)
    for link in ("nonesuch", "x" * 65, "../../etc"):
        assert (await desk.say(f"/start {link}", seat=PRIVATE)).startswith("Hello! I am Parley.")


async def test_a_link_to_an_article_shows_how_it_begins(tmp_path: Path) -> None:
    desk = await shop(tmp_path)
    reply = await desk.reply("/start shipping", seat=PRIVATE)
    assert reply.outcome is Outcome.QUOTED
    assert reply.text.startswith("This is what “Shipping” says:") and "Norway" in reply.text
    long = await desk.reply("/start long", seat=PRIVATE)
    assert len(long.text) < 1300 and long.text.endswith("A sentence.")


async def test_a_question_after_a_link_can_lean_on_it(tmp_path: Path) -> None:
    desk = await shop(tmp_path)
    await desk.say("/start refund-time", seat=PRIVATE)
    assert (await desk.reply("And when is it paid?", seat=PRIVATE)).citations[0].document == "refund-time"
