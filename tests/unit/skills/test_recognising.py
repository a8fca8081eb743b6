"""What a plain text is taken for, and how commands are read."""

import pytest

from bot.errors import InvalidInput
from bot.skills.chat import ChatSkill
from bot.skills.classify import ClassifySkill
from bot.skills.sentiment import SentimentSkill
from bot.skills.summarise import SummariseSkill
from bot.skills.translate import TranslateSkill
from bot.skills.write import WriteSkill


@pytest.mark.parametrize(
    ("said", "text", "target"),
    [
        ("Translate 'good morning' to Chinese", "good morning", "zh"),
        ("please translate to German: The shop is closed.", "The shop is closed.", "de"),
        ("把“早上好”翻译成英文", "早上好", "en"),
        ("请翻译成法语：我想退货", "我想退货", "fr"),
    ],
)
def test_translation_is_recognised(said: str, text: str, target: str) -> None:
    match = TranslateSkill().recognise(said, "en")
    assert match is not None
    assert (match.text, match.arguments["to"]) == (text, target)


@pytest.mark.parametrize("said", ["How do I translate a page?", "你们有翻译吗？", "Translate this to the moon"])
def test_a_question_about_translation_is_left_alone(said: str) -> None:
    assert TranslateSkill().recognise(said, "en") is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Hello!", "greeting"), ("你好", "greeting"), ("thank you very much", "thanks"), ("Thanks a lot.", "thanks"),
     ("谢谢啦", "thanks"), ("bye", "goodbye"), ("你是谁？", "who-are-you"), ("Hello, how do I return this?", None)],
)  # fmt: skip
def test_small_talk(said: str, kind: str | None) -> None:
    match = ChatSkill().recognise(said, "en")
    assert (match.arguments["small_talk"] if match else None) == kind


def test_sentiment_is_recognised_in_both_languages() -> None:
    english = SentimentSkill().recognise("What is the sentiment of: I hate waiting", "en")
    chinese = SentimentSkill().recognise("分析这句话的情感：服务太差了", "zh")
    assert english is not None and english.text == "I hate waiting"
    assert chinese is not None and chinese.text == "服务太差了"


def test_labels_stand_before_a_colon_of_either_script() -> None:
    assert ClassifySkill().parse("billing, delivery: Where is it?").arguments["labels"] == "billing,delivery"
    assert ClassifySkill().parse("账单、物流：包裹在哪？").arguments["labels"] == "账单,物流"
    assert WriteSkill().parse("邮件：会议改到周五").arguments["kind"] == "邮件"


@pytest.mark.parametrize(
    ("skill", "rest"),
    [(ClassifySkill(), "no colon"), (ClassifySkill(), "one: text"), (WriteSkill(), ": notes"),
     (TranslateSkill(), "Klingonish hello")],
)  # fmt: skip
def test_words_that_do_not_fit_are_said_so(skill: ClassifySkill | WriteSkill | TranslateSkill, rest: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        skill.parse(rest)
    assert raised.value.text_id


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Is this review positive or negative: It broke.", "It broke."),
        ("sentiment: I love it", "I love it"),
        ("这条评论是正面还是负面：快递太慢了", "快递太慢了"),
        ("请判断下面这句话的情感：还行吧", "还行吧"),
    ],
)
def test_sentiment_is_asked_for_in_more_than_one_way(said: str, text: str) -> None:
    match = SentimentSkill().recognise(said, "en")
    assert match is not None and match.text == text


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Summarise: Cats sleep. Dogs bark.", "Cats sleep. Dogs bark."),
        ("Please summarize the following text:\nCats sleep.", "Cats sleep."),
        ("tl;dr: Cats sleep.", "Cats sleep."),
        ("请总结：猫在睡觉。", "猫在睡觉。"),
        ("帮我总结一下这段话：猫在睡觉。", "猫在睡觉。"),
        ("概括下面的内容:猫在睡觉。", "猫在睡觉。"),
    ],
)
def test_a_summary_is_recognised(said: str, text: str) -> None:
    match = SummariseSkill().recognise(said, "en")
    assert match is not None and match.text == text


@pytest.mark.parametrize(
    ("said", "labels", "text"),
    [
        ("Classify as billing, delivery or returns: Where is it?", "billing,delivery,returns", "Where is it?"),
        ("请分类为账单、物流还是退货：包裹在哪？", "账单,物流,退货", "包裹在哪？"),
    ],
)
def test_classifying_is_recognised(said: str, labels: str, text: str) -> None:
    match = ClassifySkill().recognise(said, "en")
    assert match is not None and (match.arguments["labels"], match.text) == (labels, text)


@pytest.mark.parametrize(
    ("said", "kind", "notes"),
    [
        ("Write a short mail: meeting moved to Friday", "mail", "meeting moved to Friday"),
        ("帮我写一封邮件：会议改到周五", "邮件", "会议改到周五"),
    ],
)
def test_drafting_is_recognised(said: str, kind: str, notes: str) -> None:
    match = WriteSkill().recognise(said, "en")
    assert match is not None and (match.arguments["kind"], match.text) == (kind, notes)


@pytest.mark.parametrize(
    "said",
    ["How do models summarise long texts?", "总结得准吗？", "Is sentiment analysis reliable?", "什么是情感分析？",
     "How do I write a review?", "Can you classify texts?", "Classify as spam: buy now", "怎么写评价：要登录吗？",
     "How do I use this: it is broken"],
)  # fmt: skip
def test_a_question_about_a_skill_is_left_to_the_knowledge_base(said: str) -> None:
    for skill in (SummariseSkill(), SentimentSkill(), ClassifySkill(), WriteSkill()):
        assert skill.recognise(said, "en") is None
