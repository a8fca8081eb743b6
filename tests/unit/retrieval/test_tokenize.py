from retrieval.tokenize import content_words, exact_key, segment, words


def test_english_words_are_casefolded_and_stemmed() -> None:
    assert words("Returning the SHOES") == words("returned the shoe")


def test_chinese_compounds_come_with_their_parts() -> None:
    assert {"人工智能", "人工", "智能"} <= set(words("人工智能", "zh"))


def test_traditional_and_full_width_characters_match_their_twins() -> None:
    assert words("怎麼退貨", "zh") == words("怎么退货", "zh")
    assert words("ＡＢＣ１２", "zh") == words("abc12", "zh")


def test_english_in_a_chinese_text_is_stemmed_too() -> None:
    assert "token" in words("什么是 tokens？", "zh")


def test_scripts_without_spaces_become_bigrams() -> None:
    assert words("ありがとう", "ja") == ["あり", "りが", "がと", "とう"]


def test_content_words_leave_function_words_out() -> None:
    assert content_words("How do I return the shoes?") == words("return shoes")
    assert content_words("请问怎么退货？", "zh") == ["退货"]


def test_parts_of_speech_choose_the_topic() -> None:
    assert content_words("我们非常漂亮地退货", "zh", by_part_of_speech=True)[-1] == "退货"


def test_the_exact_key_ignores_case_width_spaces_and_punctuation() -> None:
    assert exact_key("How do I  return?") == exact_key("how do i return") == exact_key("ＨＯＷ ｄｏ Ｉ return！")
    assert exact_key("？！ ") == ""
    assert exact_key("C++") != exact_key("C")


def test_segments_joined_give_the_text() -> None:
    text = "我想退货，可以吗? OK"
    assert "".join(segment(text)) == text
