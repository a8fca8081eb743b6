"""Admins teach: files into the knowledge base, with a preview and a way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import File
from bot.errors import KnowledgeError
from bot.ports import Learned
from bot.skills import AnswerOptions
from bot.skills.absent import NoLibrary
from bot.skills.answer import AnswerSkill
from bot.skills.service.learn import LearnSkill
from tests.support.desk import Desk
from tests.support.people import seat
from tests.support.shelf import Shelf

NOTE = "# Opening hours\n\nThe shop opens at nine.\n\nIt closes at six."


def school(folder: Path) -> tuple[Desk, Shelf]:
    shelf = Shelf(folder)
    options = AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05)
    skills = [LearnSkill(), AnswerSkill()]
    return Desk(skills, knowledge=shelf.knowledge, library=shelf.library, options=options), shelf


async def test_a_file_is_learned_shown_and_undone(tmp_path: Path) -> None:
    desk, shelf = school(tmp_path)
    admin = seat(admin=True, files=(shelf.file("hours.md", NOTE),))
    reply = await desk.reply("/learn", seat=admin)
    assert reply.text == (
        "“hours.md” is in the knowledge base now.\n"
        "I read “Opening hours” (English): one document, one passage. It begins:\n"
        "> The shop opens at nine.\n> It closes at six."
    )
    assert "opens at nine" in await desk.say("When does the shop open?", seat=admin)
    (undo,) = reply.choices
    assert undo.label == "Undo"
    assert await desk.say(undo.text, seat=seat()) == "Only admins may use /learn."
    assert await desk.say(undo.text, seat=admin) == "Undone: the knowledge base is as it was before that file."
    assert (await desk.say(undo.text, seat=admin)).startswith("That cannot be undone any more")
    assert shelf.ids() == []


async def test_several_files_are_told_one_by_one_in_chinese(tmp_path: Path) -> None:
    desk, shelf = school(tmp_path)
    files = (
        shelf.file("hours.md", NOTE),
        shelf.file("photo.png", b"\x89PNG"),
        shelf.file("big.txt", b"x" * 250_000),
        shelf.file("faq.yaml", '- {question: "几点开门？", answer: 九点。, language: zh}\n- {question: "为什么？"}\n'),
    )
    reply = await desk.reply("/learn", seat=seat(admin=True, locale="zh", files=files))
    told = reply.text.split("\n\n")
    assert told[0].startswith("“hours.md”已加入知识库。\n我读到的是“Opening hours”（英语），共 1 篇文档、1 个段落")
    assert told[1].startswith("“photo.png”没有加入知识库：我读不了这种文件。我能读的有：.csv")
    assert told[2] == "“big.txt”没有加入知识库：文件大小为 0.2 MB，而我最多读取 0.1 MB。请拆成较小的文件。"
    assert told[3].endswith("略去的部分：第 2 行：这一条没有答案；请加上字段 `answer`。")
    assert [choice.label for choice in reply.choices] == ["撤销: hours.md", "撤销: faq.yaml"]


async def test_the_same_file_again_and_a_newer_one(tmp_path: Path) -> None:
    desk, shelf = school(tmp_path)
    await desk.say("/learn", seat=seat(admin=True, files=(shelf.file("hours.md", NOTE),)))
    again = await desk.reply("/learn", seat=seat(admin=True, files=(shelf.file("hours.md", NOTE),)))
    assert again.text.startswith("“hours.md” brings nothing new") and again.choices == ()
    newer = await desk.reply("/learn", seat=seat(admin=True, files=(shelf.file("hours.md", NOTE + " Really."),)))
    assert newer.text.startswith("“hours.md” has replaced its earlier version") and newer.choices


async def test_only_admins_teach(tmp_path: Path) -> None:
    desk, shelf = school(tmp_path)
    assert await desk.say("/learn", seat=seat(files=(shelf.file("hours.md", NOTE),))) == "Only admins may use /learn."
    assert shelf.ids() == []


@pytest.mark.parametrize(("locale", "said"), [("en", "cannot be searched right now"), ("zh", "知识库暂时无法检索")])
async def test_one_files_failure_does_not_hide_the_others(locale: str, said: str) -> None:
    class Failing(NoLibrary):
        async def learn(self, file: File) -> Learned:
            if file.name == "bad.md":
                raise KnowledgeError("The disk is full.")
            return Learned(file.name, "added", 1, 1, "It says.", title="Good", language="en", undo="key")

    files = (File("bad.md", "", 1), File("good.md", "", 1))
    desk = Desk([LearnSkill()], library=Failing())
    reply = await desk.reply("/learn", seat=seat(admin=True, locale=locale, files=files))
    assert said in reply.text and "“Good”" in reply.text and len(reply.choices) == 1
