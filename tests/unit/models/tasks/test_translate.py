"""Translators: which pair is whose, what is kept, and what is said when none can."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed, InvalidWeights, UnsupportedLanguage
from models.tasks.languages import apertium_pair, to_two_letters
from models.tasks.seq2seq import Seq2SeqTranslator
from models.tasks.translate import ApertiumTranslator, FirstAble
from models.tasks.translation.generative import GenerativeTranslator
from models.tasks.translation.glossary import Glossary
from models.types import NOBODY, Caller, ChatMessage
from tests.support.tiny_marian import build_tiny_marian
from tests.support.tiny_models import build_tiny_llama


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_marian(tmp_path_factory.mktemp("models") / "tiny-marian")


async def test_a_marian_folder_translates_and_keeps_paragraphs(marian: Path) -> None:
    seq2seq = Seq2SeqTranslator(marian, device="cpu")
    translator = FirstAble([seq2seq])
    texts = ["你好。今天天气很好。\n\n我想退货。谢谢！", "谢谢！", ""]
    done = await translator.translate(texts, "zh", "en")
    assert [one.text for one in done] == [
        "Hello. The weather is fine today.\n\nI want to return this. Thank you!",
        "Thank you!",
        "",
    ]
    assert {(one.source, one.target, one.model) for one in done} == {("zh", "en", "tiny-marian")}
    await seq2seq.close()


async def test_a_marian_folder_translates_around_what_must_stay(marian: Path) -> None:
    translator = FirstAble([Seq2SeqTranslator(marian, device="cpu")])
    text = "> **你好。** @ann 🙂\n- [谢谢！](https://a.example/x?y=1) `ls -l`\n\n```\n你好。\n```\n"
    (done,) = await translator.translate([text], "zh", "en")
    assert done.text == ("> **Hello.** @ann 🙂\n- [Thank you!](https://a.example/x?y=1) `ls -l`\n\n```\n你好。\n```\n")


async def test_a_marian_folder_knows_its_one_direction(marian: Path) -> None:
    translator = Seq2SeqTranslator(marian)
    assert translator.supports("zh", "en")
    assert not translator.supports("en", "zh") and not translator.supports("zh", "zh")
    with pytest.raises(UnsupportedLanguage, match="from English to Chinese"):
        await translator.translate_units(["Hello."], "en", "zh", {}, NOBODY)


async def test_a_sentence_too_long_for_the_model_is_cut_and_none_of_it_is_left_out(marian: Path) -> None:
    seq2seq = Seq2SeqTranslator(marian, device="cpu")
    long = "今天天气很好，" * 200
    assert seq2seq.fits("今天天气很好，" * 3) and not seq2seq.fits(long)
    asked: list[str] = []
    translate_units = seq2seq.translate_units

    async def noting(units: list[str], *rest: object) -> list[str]:
        asked.extend(units)
        return await translate_units(units, *rest)  # type: ignore[arg-type]

    seq2seq.translate_units = noting  # type: ignore[method-assign,assignment]
    await FirstAble([seq2seq]).translate([long], "zh", "en")
    assert asked and all(seq2seq.fits(unit) for unit in asked)
    assert set("".join(asked)) == set(long)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match="no translation model"):
        Seq2SeqTranslator(build_tiny_llama(tmp_path / "llama"))


@pytest.fixture
def apertium(tmp_path: Path) -> str:
    """A stand-in for the program: lists two pairs, shouts in one and fails in the other."""
    program = tmp_path / "apertium.py"
    program.write_text(
        "import sys\n"
        "if sys.argv[1] == '-l': print('eng-spa\\nspa-eng\\neng-spa_LATAM-x\\n')\n"
        "elif sys.argv[1:] == ['-u', 'eng-spa']: sys.stdout.write(sys.stdin.read().upper() + '\\n')\n"
        "else: sys.exit(1)\n"
    )
    script = tmp_path / "apertium"
    # Through the shell, since the interpreter's own path may have a space, which no first line `#!` can hold.
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return str(script)


async def test_apertium_serves_the_pairs_that_are_installed(apertium: str) -> None:
    translator = ApertiumTranslator(apertium)
    assert translator.installed
    assert translator.supports("en", "es") and translator.supports("es", "en")
    assert not translator.supports("en", "zh")
    assert await translator.translate_units(["hello there", "bye"], "en", "es", {}, NOBODY) == ["HELLO THERE", "BYE"]
    done = await FirstAble([translator]).translate(["hello `ls` there", " "], "en", "es")
    assert [one.text for one in done] == ["HELLO `ls` THERE", " "]
    with pytest.raises(EngineFailed, match="spa-eng"):
        await translator.translate_units(["hola"], "es", "en", {}, NOBODY)


def test_without_apertium_there_is_no_pair() -> None:
    translator = ApertiumTranslator("no-such-program-here")
    assert not translator.installed and not translator.supports("en", "es")


async def test_a_generator_translates_paragraph_by_paragraph() -> None:
    generator = ScriptedGenerator(["你好。", "再见。"], languages={"en", "zh"})
    translator = GenerativeTranslator(generator)
    (done,) = await FirstAble([translator]).translate(["Hello. Hi.\n\nGoodbye."], "en", "zh", Caller("7", -1))
    assert done.text == "你好。\n\n再见。"
    assert ["Hello. Hi." in generator.requests[0].messages[0].content, len(generator.requests)] == [True, 2]
    assert {(request.person, request.priority) for request in generator.requests} == {("7", -1)}
    assert not translator.supports("en", "fr")
    assert not GenerativeTranslator(ScriptedGenerator(languages={"en"})).supports("en", "zh")


@pytest.mark.parametrize(
    ("name", "text", "target", "asked"),
    [
        ("hy-mt1_5-1_8b", "A mug.", "zh", "将以下文本翻译为中文，注意只需要输出翻译后的结果，不要额外解释：\n\nA mug."),
        ("tencent/Hy-MT2-7B", "你好", "de", "将以下文本翻译为德语，注意只需要输出翻译后的结果，不要额外解释：\n\n你好"),
        (
            "hunyuan-mt-7b",
            "A mug.",
            "de",
            "Translate the following segment into German, without additional explanation.\n\nA mug.",
        ),
        ("qwen3-4b-instruct", "A mug.", "zh", "from English into Chinese"),
    ],
)
async def test_each_family_is_asked_in_its_own_words(name: str, text: str, target: str, asked: str) -> None:
    generator = ScriptedGenerator(["X"], name=name)
    source = "en" if text.isascii() else "zh"
    await FirstAble([GenerativeTranslator(generator)]).translate([text], source, target)
    assert asked in generator.requests[0].messages[0].content


async def test_a_generator_is_told_the_terms_of_the_glossary_and_held_to_them() -> None:
    def write(messages: Sequence[ChatMessage]) -> str:
        content = messages[-1].content
        return content.rpartition("\n")[2].replace("The", "这").replace("is red", "是红的").replace("mug", "杯子")

    glossary = Glossary({("en", "zh"): {"mug": "马克杯"}}, kept=("Parley",))
    generator = ScriptedGenerator(write, name="hy-mt1_5-1_8b")
    translator = FirstAble([GenerativeTranslator(generator)], glossary=glossary)
    (done,) = await translator.translate(["The mug is red."], "en", "zh")
    assert "马克杯" in done.text and "杯子" not in done.text
    first, second = (request.messages[0].content for request in generator.requests)
    assert first.startswith("参考下面的翻译：\nmug 翻译成 马克杯\n\n将以下") and "Parley" not in first
    assert "QX1" in second  # it did not keep to the term, so it was shown a mark in its place


async def test_what_a_generator_changes_is_asked_for_again_with_marks_and_then_in_pieces() -> None:
    seen: list[str] = []

    def write(messages: Sequence[ChatMessage]) -> str:
        text = messages[-1].content.rpartition("\n")[2]
        seen.append(text)
        return text.replace("`ls`", "`dir`").replace("QX1", "")

    (done,) = await FirstAble([GenerativeTranslator(ScriptedGenerator(write))]).translate(["Run `ls` now."], "en", "de")
    assert seen == ["Run `ls` now.", "Run QX1 now.", "Run", "now."]
    assert done.text == "Run `ls` now."


async def test_a_generator_that_repeats_itself_for_ever_does_not_lose_the_words() -> None:
    generator = ScriptedGenerator(["ja " * 500])
    (done,) = await FirstAble([GenerativeTranslator(generator)]).translate(["Good morning."], "en", "de")
    assert done.text == "Good morning."


async def test_an_error_of_one_paragraph_is_the_error_of_all() -> None:
    generator = ScriptedGenerator(["x"])
    await generator.close()
    with pytest.raises(EngineFailed, match="closed"):
        await FirstAble([GenerativeTranslator(generator)]).translate(["One.\n\nTwo."], "en", "de")


async def test_the_first_that_can_does_it_and_nobody_is_told_clearly(marian: Path, apertium: str) -> None:
    translator = FirstAble([Seq2SeqTranslator(marian), ApertiumTranslator(apertium)], "Set models.profile to standard.")
    assert (await translator.translate(["hi"], "en", "es"))[0].model == "apertium"
    assert (await translator.translate(["你好。"], "zh", "en"))[0].text == "Hello."
    with pytest.raises(UnsupportedLanguage, match=r"from English to Chinese\. Set models\.profile to standard\."):
        await translator.translate(["hi"], "en", "zh")
    assert FirstAble([]).name == "none"


def test_codes_of_other_kinds_are_read() -> None:
    assert [to_two_letters(code) for code in ("eng", "zho_Hans", "cmn-Hans", "en", "xx")] == [
        "en",
        "zh",
        "zh",
        "en",
        "xx",
    ]
    assert apertium_pair("eng-spa") == ("en", "es")
    assert apertium_pair("eng") is None and apertium_pair("a-b-c") is None
