from retrieval.chunking import sentences, split
from retrieval.types import PassageRole
from tests.unit.retrieval.builders import article, faq


def texts(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def test_chinese_sentences_end_at_wide_marks_with_their_quotes() -> None:
    assert texts("你好。他说：“好的。”然后呢？走了！", "zh") == ["你好。", "他说：“好的。”", "然后呢？", "走了！"]


def test_english_abbreviations_do_not_end_a_sentence() -> None:
    assert texts("Dr. Smith pays $3.50. Really?", "en") == ["Dr. Smith pays $3.50.", "Really?"]


def test_a_passage_knows_the_headings_above_it() -> None:
    passages = split(article("a", "# Shop\n\nHello.\n\n## Returns\n\nThirty days.\n\n# Other\n\nBye."))
    assert [passage.heading_path for passage in passages] == [("Shop",), ("Shop", "Returns"), ("Other",)]


def test_an_faq_entry_is_its_answer_then_each_wording_once() -> None:
    passages = split(faq("r", "How long?", "Thirty days.", "How many days?", "How long?"))
    assert [(p.role, p.text) for p in passages] == [
        (PassageRole.ANSWER, "Thirty days."),
        (PassageRole.WORDING, "How long?"),
        (PassageRole.WORDING, "How many days?"),
    ]
    assert [p.id for p in passages] == ["r#0", "r#1", "r#2"]
