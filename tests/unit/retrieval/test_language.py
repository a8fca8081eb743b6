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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我想 buy 一个 new phone", "zh"),
        ("这个 bug 怎么 fix", "zh"),
        ("帮我check一下email", "zh"),
        ("哈哈哈 so funny", "zh"),
        ("OK 好的", "zh"),
        ("I love 火锅", "en"),
        ("The word 银行 means bank", "en"),
        ("Bitte sag ihm 谢谢", "de"),
        ("看 https://www.example.com/how-to-return/a/mug.html", "zh"),
        ("@ann 好 `git commit -m fix`", "zh"),
    ],
)
def test_a_mixed_line_is_in_the_language_of_its_grammar(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "among", "language"),
    [
        ("Gute Nacht", ("de", "en"), "de"),
        ("Danke", ("de", "en"), "de"),
        ("Good night", ("de", "en"), "en"),
        ("Gute Nacht", ("de", "zh"), "de"),
        ("ok", ("zh", "en"), "en"),
        ("好", ("en", "de"), "zh"),
        ("東京", ("en", "ja"), "ja"),
        ("Je voudrais rendre cet article demain matin.", ("de", "en"), "fr"),
        ("Спасибо", ("ru", "en"), "ru"),
    ],
)
def test_a_short_line_is_in_one_of_the_languages_that_are_spoken_here(
    text: str, among: tuple[str, ...], language: str
) -> None:
    assert detect(text, "zh", among) == language


def test_what_has_no_letters_is_in_the_default_language_whatever_is_spoken() -> None:
    assert detect("👍 12", "zh", ("de", "en")) == "zh"
