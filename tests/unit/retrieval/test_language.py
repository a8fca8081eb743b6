import pytest

from retrieval.language import detect, has_han


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("怎么退货？", "zh"),
        ("GPU 和 CPU 有什么区别？", "zh"),
        ("怎麼退貨？", "zh"),
        ("返品はどうすればいいですか", "ja"),
        ("반품은 어떻게 하나요", "ko"),
        ("How do I return shoes?", "en"),
        ("What does 你好 mean in this sentence?", "en"),
        ("Wie lange dauert die Lieferung nach Hamburg?", "de"),
        ("Как вернуть заказанный товар обратно?", "ru"),
    ],
)
def test_a_sentence_is_known_by_its_script_or_its_words(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "   ", "12345", "😀😀", "hello", "refund policy", "ok"])
def test_what_cannot_be_told_is_in_the_default_language(text: str) -> None:
    assert detect(text, default="fr") == "fr"


def test_han_is_seen_anywhere_in_a_text() -> None:
    assert has_han("what is 货?")
    assert not has_han("kana: かな")


@pytest.mark.parametrize("text", ["Tell me a joke", "open on sunday?"])
def test_a_short_english_line_is_not_taken_for_another_language(text: str) -> None:
    assert detect(text) == "en"
    assert detect(text, default="zh") == "en"


def test_a_term_in_latin_letters_follows_the_language_of_the_talk() -> None:
    assert detect("BERT", default="zh") == "zh"
