"""Files into the knowledge base and out again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import File
from bot.doors.files import MAX_NAME, safe_name
from bot.errors import InvalidInput
from bot.ports import Reason
from tests.support.shelf import Shelf

NOTE = "# Opening hours\n\nThe shop opens at nine and closes at six."
FAQ = """
- {id: hours.en, question: "When do you open?", answer: At nine., language: en}
- {id: pay.en, question: "How can I pay?", answer: By card., language: en}
- {id: hours.zh, question: "几点开门？", answer: 九点。, language: zh}
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def test_a_learned_file_is_found_at_once_and_told_of(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("hours.md", NOTE))
    assert (learned.name, learned.status, learned.title, learned.language) == (
        "hours.md", "added", "Opening hours", "en"
    )  # fmt: skip
    assert (learned.documents, learned.passages) == (1, 1)
    assert "opens at nine" in learned.preview and learned.undo
    found = await shelf.knowledge.search("When does the shop open?")
    assert found.hits[0].document.id == "hours"


async def test_the_same_again_changes_nothing(shelf: Shelf) -> None:
    await shelf.library.learn(shelf.file("hours.md", NOTE))
    again = await shelf.library.learn(shelf.file("hours.md", NOTE))
    assert (again.status, again.undo, again.documents, again.title) == ("unchanged", "", 0, "Opening hours")


async def test_undo_takes_out_what_was_added(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("faq.yaml", FAQ))
    assert learned.documents == 3
    assert await shelf.library.undo(learned.undo)
    assert shelf.ids() == []
    assert not (await shelf.knowledge.search("When do you open?")).hits
    assert not await shelf.library.undo(learned.undo)


async def test_undo_brings_back_what_was_replaced_and_removed(shelf: Shelf) -> None:
    await shelf.library.learn(shelf.file("faq.yaml", FAQ))
    before = shelf.store.documents()
    changed = '- {id: hours.en, question: "When do you open?", answer: At ten., language: en}\n'
    learned = await shelf.library.learn(shelf.file("faq.yaml", changed))
    assert (learned.status, learned.documents, shelf.ids()) == ("replaced", 1, ["hours.en"])
    assert await shelf.library.undo(learned.undo)
    assert shelf.store.documents() == before
    found = await shelf.knowledge.search("How can I pay?")
    assert found.hits[0].document.text == "By card."


async def test_what_was_changed_since_is_left_alone(shelf: Shelf) -> None:
    first = await shelf.library.learn(shelf.file("hours.md", NOTE))
    await shelf.library.learn(shelf.file("hours.md", NOTE.replace("nine", "ten")))
    assert not await shelf.library.undo(first.undo)
    assert "ten" in shelf.store.documents()[0].text


async def test_after_a_week_it_is_too_late(tmp_path: Path) -> None:
    clock = [datetime.now(UTC)]
    shelf = Shelf(tmp_path, now=lambda: clock[0])
    learned = await shelf.library.learn(shelf.file("hours.md", NOTE))
    clock[0] += timedelta(days=7, minutes=1)
    assert not await shelf.library.undo(learned.undo)
    assert list((tmp_path / "undo").iterdir()) == []
    assert shelf.ids() == ["hours"]


@pytest.mark.parametrize("key", ["", "../secrets", "x" * 80, "nonesuch1234"])
async def test_a_key_that_is_none(shelf: Shelf, key: str) -> None:
    (shelf.folder / "secrets.json").write_text('{"source": "x", "before": [], "after": {}}')
    assert not await shelf.library.undo(key)


async def test_a_damaged_undo_file_is_no_undo(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("hours.md", NOTE))
    (shelf.folder / "undo" / f"{learned.undo}.json").write_text("{")
    assert not await shelf.library.undo(learned.undo)


async def test_without_room_for_the_undo_file_the_learning_stands(shelf: Shelf) -> None:
    (shelf.folder / "undo").write_text("a file where the folder should be")
    learned = await shelf.library.learn(shelf.file("hours.md", NOTE))
    assert (learned.status, learned.undo) == ("added", "")


@pytest.mark.parametrize(
    ("name", "content", "reason_id"),
    [
        ("photo.png", b"\x89PNG", "file-kind"),
        ("no ending", b"text", "file-kind"),
        ("long.txt", b"x" * 100_001, "file-too-large"),
        ("empty.md", b" \n", "file-empty"),
        ("binary.txt", bytes(range(256)) * 8, "file-not-text"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_its_reason(
    shelf: Shelf, name: str, content: bytes, reason_id: str
) -> None:
    file = shelf.file(name, content)
    learned = await shelf.library.learn(file)
    assert (learned.status, [reason.text_id for reason in learned.reasons], learned.undo) == (
        "refused",
        [reason_id],
        "",
    )
    with pytest.raises(InvalidInput) as raised:
        await shelf.library.read(file)
    assert raised.value.text_id == reason_id
    assert shelf.ids() == []


async def test_a_file_that_is_gone(shelf: Shelf) -> None:
    learned = await shelf.library.learn(File("hours.md", str(shelf.folder / "nowhere"), 10))
    assert [reason.text_id for reason in learned.reasons] == ["file-gone"]


async def test_broken_rows_are_told_and_the_others_kept(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("faq.yaml", FAQ + '- {question: "Why?"}\n'))
    assert (learned.status, learned.documents) == ("added", 3)
    assert learned.reasons == [Reason("refused-no-answer", {}, 5)]


async def test_broken_yaml_is_refused(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("faq.yaml", "- [unclosed"))
    (reason,) = learned.reasons
    assert (learned.status, reason.text_id, learned.more) == ("refused", "refused-bad-yaml", False)
    assert reason.values["problem"]
    with pytest.raises(InvalidInput, match="YAML") as raised:
        await shelf.library.read(shelf.file("faq.yaml", "- [unclosed"))
    assert raised.value.text_id == "refused-bad-yaml"


async def test_of_many_broken_rows_the_first_are_told(shelf: Shelf) -> None:
    learned = await shelf.library.learn(shelf.file("faq.yaml", '- {question: "Why?"}\n' * 5))
    assert (len(learned.reasons), learned.more) == (3, True)


async def test_the_text_of_files(shelf: Shelf) -> None:
    assert "opens at nine" in await shelf.library.read(shelf.file("hours.md", NOTE))
    text = await shelf.library.read(shelf.file("FAQ.YAML", FAQ))
    assert text.startswith("When do you open?\nAt nine.")
    odd = await shelf.library.read(shelf.file("odd.txt", b"one\x07 two\r\nthree " + b"and on " * 20))
    assert odd.startswith("one two\nthree and on")


async def test_first_questions_follow_the_knowledge_base(shelf: Shelf) -> None:
    assert await shelf.library.questions("en", 3) == []
    learned = await shelf.library.learn(shelf.file("faq.yaml", FAQ))
    assert await shelf.library.questions("en", 3) == ["How can I pay?", "When do you open?"]
    assert await shelf.library.questions("zh", 3) == ["几点开门？"]
    assert await shelf.library.questions("fr", 1) == ["How can I pay?"]
    await shelf.library.undo(learned.undo)
    assert await shelf.library.questions("en", 3) == []


async def test_an_entry_by_its_id(shelf: Shelf) -> None:
    await shelf.library.learn(shelf.file("faq.yaml", FAQ))
    entry = await shelf.library.entry("pay.en")
    assert entry is not None and entry.text == "By card."
    assert await shelf.library.entry("nonesuch") is None


@given(st.text(max_size=300), st.sampled_from([".md", ".yaml", ""]))
def test_a_safe_name_is_a_bare_name(name: str, ending: str) -> None:
    safe = safe_name(name + ending)
    assert "/" not in safe and "\\" not in safe and "\n" not in safe and "\x00" not in safe
    assert len(safe) <= MAX_NAME
    assert safe not in {".", ".."}
