"""Translators: which pair is whose, what is kept, and what is said when none can."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed, InvalidWeights, UnsupportedLanguage
from models.tasks.languages import apertium_pair, to_two_letters
from models.tasks.seq2seq import Seq2SeqTranslator
from models.tasks.translate import ApertiumTranslator, FirstAble, GenerativeTranslator, split_sentences
from tests.support.tiny_marian import build_tiny_marian
from tests.support.tiny_models import build_tiny_llama


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_marian(tmp_path_factory.mktemp("models") / "tiny-marian")


async def test_a_marian_folder_translates_and_keeps_paragraphs(marian: Path) -> None:
    translator = Seq2SeqTranslator(marian, device="cpu")
    texts = ["你好。今天天气很好。\n\n我想退货。谢谢！", "谢谢！", ""]
    done = await translator.translate(texts, "zh", "en")
    assert [one.text for one in done] == [
        "Hello. The weather is fine today.\n\nI want to return this. Thank you!",
        "Thank you!",
        "",
    ]
    assert {(one.source, one.target, one.model) for one in done} == {("zh", "en", "tiny-marian")}
    await translator.close()


async def test_a_marian_folder_knows_its_one_direction(marian: Path) -> None:
    translator = Seq2SeqTranslator(marian)
    assert translator.supports("zh", "en")
    assert not translator.supports("en", "zh") and not translator.supports("zh", "zh")
    with pytest.raises(UnsupportedLanguage, match="from English to Chinese"):
        await translator.translate(["Hello."], "en", "zh")


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
    done = await translator.translate(["hello there", " "], "en", "es")
    assert [one.text for one in done] == ["HELLO THERE", " "]
    with pytest.raises(EngineFailed, match="spa-eng"):
        await translator.translate(["hola"], "es", "en")


def test_without_apertium_there_is_no_pair() -> None:
    translator = ApertiumTranslator("no-such-program-here")
    assert not translator.installed and not translator.supports("en", "es")


async def test_a_generator_translates_paragraph_by_paragraph() -> None:
    generator = ScriptedGenerator(["你好。", "再见。"], languages={"en", "zh"})
    translator = GenerativeTranslator(generator)
    done = await translator.translate(["Hello.\n\nGoodbye."], "en", "zh")
    assert done[0].text == "你好。\n\n再见。"
    assert "翻译为中文" in generator.requests[0].messages[0].content
    assert not translator.supports("en", "fr")
    assert not GenerativeTranslator(ScriptedGenerator(languages={"en"})).supports("en", "zh")


async def test_the_first_that_can_does_it_and_nobody_is_told_clearly(marian: Path, apertium: str) -> None:
    translator = FirstAble([Seq2SeqTranslator(marian), ApertiumTranslator(apertium)], "Set models.profile to standard.")
    assert (await translator.translate(["hi"], "en", "es"))[0].model == "apertium eng-spa"
    assert (await translator.translate(["你好。"], "zh", "en"))[0].text == "Hello."
    with pytest.raises(UnsupportedLanguage, match=r"from English to Chinese\. Set models\.profile to standard\."):
        await translator.translate(["hi"], "en", "zh")
    assert FirstAble([]).name == "none"


@given(st.text(max_size=60))
def test_sentences_join_to_the_paragraph(text: str) -> None:
    assert "".join(split_sentences(text)) == text


def test_sentences_end_where_either_language_ends_them() -> None:
    assert split_sentences("你好。今天3.5元！真的？ 是。") == ["你好。", "今天3.5元！", "真的？ ", "是。"]
    assert split_sentences("It is 3.5 km. Is it? Yes!") == ["It is 3.5 km. ", "Is it? ", "Yes!"]


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
