import pytest

from retrieval.errors import UnreadableDocument
from retrieval.readers import read, read_text
from retrieval.types import DocumentKind


def refusal(source: str, data: bytes, **options: int) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        read(source, data, **options)
    return caught.value


def test_markdown_keeps_headings_and_takes_its_title_from_the_first() -> None:
    source = "# Returns & *refunds*\n\nA [link](http://x).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    (document,), _ = read("docs/returns.md", source.encode())
    assert (document.id, document.title, document.kind) == ("returns", "Returns & refunds", DocumentKind.ARTICLE)
    assert "# Returns & refunds" in document.text
    assert "A link." in document.text
    assert "- one" in document.text
    assert "1 | 2" in document.text


def test_html_gives_the_content_without_menus_and_scripts() -> None:
    page = "<html><head><title>Opening &amp; hours</title></head><body><nav>menu</nav><script>x()</script>"
    page += "<article><h1>Hours</h1><p>We open at nine on every day of the week.</p></article></body></html>"
    (document,), _ = read("hours.html", page.encode())
    assert document.title == "Opening & hours"
    assert "We open at nine" in document.text
    assert "menu" not in document.text
    assert "x()" not in document.text


def test_faq_yaml_shares_language_and_tags() -> None:
    data = "language: zh\ntags: [店]\nentries:\n"
    data += "- {id: r.zh, question: 怎么退货, answer: 三十天内, wordings: [能退吗], tags: [退]}\n"
    (entry,), _ = read("faq.yaml", data.encode())
    assert (entry.id, entry.title, entry.text, entry.language) == ("r.zh", "怎么退货", "三十天内", "zh")
    assert (entry.wordings, entry.tags) == (("能退吗",), ("店", "退"))


def test_yaml_words_stay_words() -> None:
    (entry,), _ = read("faq.yaml", b"- question: Is it free?\n  answer: no\n")
    assert entry.text == "no"


def test_faq_jsonl_and_csv_say_the_same_as_yaml() -> None:
    (line,), _ = read("f.jsonl", b'{"id": "a", "question": "q?", "answer": "x", "alternatives": ["r?"]}\n')
    (row,), _ = read("f.csv", b"id,question,answer,wordings\na,q?,x,r?\n")
    (item,), _ = read("f.yaml", b"- {id: a, question: 'q?', answer: x, questions: ['r?']}\n")
    assert line.digest == row.digest == item.digest
    assert line.wordings == row.wordings == ("r?",)


def test_a_row_without_an_answer_is_refused_with_its_line_and_the_others_are_kept() -> None:
    documents, refusals = read("f.yaml", b"- question: a\n\n- question: b\n  answer: c\n")
    assert [document.title for document in documents] == ["b"]
    assert [(item.line, "answer" in item.reason) for item in refusals] == [(1, True)]
    _, refusals = read("f.csv", b"question,answer\na,b\nc,\n")
    assert [item.line for item in refusals] == [3]


def test_an_id_used_twice_is_refused() -> None:
    documents, refusals = read(
        "f.jsonl", b'{"id":"a","question":"q","answer":"x"}\n{"id":"a","question":"r","answer":"y"}'
    )
    assert len(documents) == 1
    assert "twice" in refusals[0].reason


@pytest.mark.parametrize(
    ("source", "data", "line"),
    [
        ("f.yaml", b"- question: a\n  answer: [b\n", 3),
        ("f.yaml", b"- question: a\n\tanswer: b\n", 2),
        ("f.jsonl", b'{"question": "a", "answer": "b"}\nnope\n', 2),
        ("f.csv", b"one,two\n1,2\n", 1),
    ],
)
def test_broken_files_tell_their_line(source: str, data: bytes, line: int) -> None:
    assert refusal(source, data).line == line


@pytest.mark.parametrize(
    ("source", "data", "word"),
    [
        ("a.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        ("a.md", bytes(range(1, 9)) * 20, "binary"),
        ("a.md", b" \n", "empty"),
        ("a.pdf", b"%PDF", "not a kind of file"),
        ("noending", b"x", "not a kind of file"),
        ("a.yaml", b"just words", "list of entries"),
    ],
)
def test_what_is_no_document_is_refused_in_a_sentence(source: str, data: bytes, word: str) -> None:
    assert word in refusal(source, data).reason


def test_a_file_too_large_tells_its_size() -> None:
    assert "split" in refusal("a.txt", b"x" * 101, max_bytes=100).reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found(encoding: str) -> None:
    (document,), _ = read("a.txt", "商品可以在三十天内退货，运费由我们承担。".encode(encoding))
    assert document.text.startswith("商品可以")
    assert document.language == "zh"


def test_control_characters_and_lone_surrogates_are_cleaned() -> None:
    (document,), _ = read("a.txt", "long text without harm \x07 and e\u0301".encode() + b"\r\nline " * 20)
    assert "\x07" not in document.text
    assert "é" in document.text
    assert "\r" not in document.text
    (entry,), _ = read("f.jsonl", b'{"question": "a\\ud800?", "answer": "b"}')
    entry.title.encode()


def test_read_text_gives_the_words_of_a_file(tmp_path: pytest.TempPathFactory) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "a.md"
    path.write_text("# T\n\nHello *you*.")
    assert read_text(path) == "# T\n\nHello you."
    with pytest.raises(UnreadableDocument, match="no such file"):
        read_text(path.with_name("b.md"))


def test_a_mistyped_field_is_refused_with_its_line_and_what_was_meant() -> None:
    data = "- question: a\n  answer: b\n- question: c\n  answer: d\n  wording: [e]\n- {question: f, anwser: g}\n"
    documents, refusals = read("f.yaml", data.encode())
    assert [document.title for document in documents] == ["a"]
    assert [(one.line, one.code, one.values) for one in refusals] == [
        (3, "mistyped-field", {"name": "wording", "close": "wordings"}),
        (6, "mistyped-field", {"name": "anwser", "close": "answer"}),
    ]
    _, (refused,) = read("f.jsonl", b'{"question": "a", "answer": "b", "weather": 1}\n')
    assert (refused.line, refused.code) == (1, "unknown-field")
    assert "`wordings`" in refused.reason


def test_a_mistyped_column_or_shared_field_refuses_the_file() -> None:
    refused = refusal("f.csv", b"question,answer,wording\na,b,c\n")
    assert (refused.line, refused.values["close"]) == (1, "wordings")
    assert refusal("f.yaml", b"langauge: zh\nentries:\n- {question: a, answer: b}\n").values["close"] == "language"


def test_a_column_without_a_name_is_no_field() -> None:
    (entry,), refusals = read("f.csv", b"question,answer,\na,b,\n")
    assert (entry.title, refusals) == ("a", [])
