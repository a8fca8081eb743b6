import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")
@pytest.mark.parametrize("usable", [True, False], ids=["own folder", "no folder"])
def test_jiebas_table_is_kept_in_a_folder_of_ones_own_or_not_at_all(tmp_path: Path, usable: bool) -> None:
    """Nothing is read from the temporary folder that all users share, and nothing is said of it."""
    shared, own = tmp_path / "tmp", tmp_path / "cache"
    shared.mkdir()
    (shared / "jieba.cache").write_bytes(b"planted")
    if not usable:
        own.write_text("a file where the folder should be")
    words = [sys.executable, "-c", "from retrieval.tokenize import segment; print(segment('我想退货'))"]
    environment = {**os.environ, "TMPDIR": str(shared), "XDG_CACHE_HOME": str(own)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=True, timeout=120)
    assert (done.stdout.strip(), done.stderr) == (str(segment("我想退货")), "")
    assert (shared / "jieba.cache").read_bytes() == b"planted"
    assert (own / "parley" / "jieba.cache").exists() is usable
