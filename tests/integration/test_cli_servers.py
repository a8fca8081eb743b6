"""The command with models on a server: a real one on this machine, which answers by script."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Parley
from tests.support.model_server import KEY, ModelServer, both, chunk, in_thread, says, status, streams

RIGHT = "Parcels to Norway take seven days."
TOML = """
[models]
profile = "embedded"
generator = "{generator}"
embedder = "{embedder}"
[models.servers.big]
base_url = "{url}"
model = "some-model"
retries = 0
[models.servers.spare]
base_url = "http://127.0.0.1:9/v1"
model = "other-model"
retries = 0
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with in_thread(ModelServer(both(says(RIGHT)), models=[{"id": "some-model", "max_model_len": 2048}])) as running:
        yield running


@pytest.fixture
def configured(parley: Parley, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Parley:
    """The command with `parley.toml` in the current folder: the server writes and embeds."""
    for task in ("GENERATOR", "EMBEDDER"):
        monkeypatch.delenv(f"PARLEY_MODELS__{task}")
    monkeypatch.setenv("PARLEY_MODELS__SERVERS__BIG__API_KEY", KEY)
    write("server:big", "server:big", server.url)
    return parley


def write(generator: str, embedder: str, url: str) -> None:
    Path("parley.toml").write_text(TOML.format(generator=generator, embedder=embedder, url=url), encoding="utf-8")


def test_the_server_embeds_and_answers_and_the_reply_names_it(
    configured: Parley, server: ModelServer, shop_files: Path
) -> None:
    assert configured("kb", "add", str(shop_files)).code == 0
    (row,) = configured("ask", "How long do parcels to Norway take?", "--json").rows
    assert (row["outcome"], row["model"]) == ("generated", "server:big/some-model")
    assert RIGHT in row["text"]
    assert all(headers["Authorization"] == f"Bearer {KEY}" for headers in server.headers)


def test_list_check_and_doctor_tell_of_servers(configured: Parley, server: ModelServer) -> None:
    rows = {row["name"]: row for row in configured("models", "list", "--json").rows}
    assert (rows["server:big"]["server"], rows["server:big"]["on_disk"]) == (True, False)
    assert rows["server:spare"]["used_for"] is None
    assert [(row["name"], row["state"]) for row in configured("models", "check", "--json").rows] == [
        ("server:big", "answers"),
        ("server:big", "answers"),
    ]
    assert configured("models", "fetch").code == 0
    found = {row["check"]: row for row in configured("doctor", "--json").rows}
    assert found["model for generate"]["found"] == "server:big answers"


def test_a_server_that_is_off_or_refuses_the_key_is_told(configured: Parley, server: ModelServer) -> None:
    write("server:spare, server:big", "server:big", server.url)
    server.becomes(status(401))
    done = configured("models", "check", "--json")
    assert done.code == 6
    told = [(row["name"], row["state"], row["do"]) for row in done.rows]
    assert [name for name, *_ in told] == ["server:spare", "server:big", "server:big"]
    assert "does not answer. Start it" in told[0][2]
    assert "PARLEY_MODELS__SERVERS__BIG__API_KEY" in told[1][2]
    assert KEY not in done.out + done.err


def test_each_replica_is_told_and_one_that_answers_is_enough(configured: Parley, server: ModelServer) -> None:
    with in_thread(ModelServer(status(500))) as broken:
        Path("parley.toml").write_text(
            TOML.format(generator="server:big", embedder="server:big", url=f"{broken.url}, {server.url}"), "utf-8"
        )
        done = configured("models", "check", "--json")
        assert done.code == 0
        assert [(row["state"], row["url"]) for row in done.rows] == [
            ("silent", broken.url), ("answers", server.url)] * 2  # fmt: skip
        shown = configured("models", "check")
        assert shown.code == 0
        assert f"answers  {server.url}" in shown.out and "HTTP 500" in shown.out
        assert "server:big: 1 of its 2 addresses can be used" in shown.err
        found = {row["check"]: row for row in configured("doctor", "--json").rows}["model for generate"]
        assert found["state"] == "warn" and "HTTP 500" in found["do"]
        server.becomes(status(401))
        assert configured("models", "check").code == 6


def test_where_the_first_of_a_chain_writes_nothing_the_next_one_does(configured: Parley, server: ModelServer) -> None:
    with in_thread(ModelServer(both(says("")))) as silent:
        text = TOML.format(generator="server:spare, server:big", embedder="server:big", url=server.url)
        Path("parley.toml").write_text(text.replace("http://127.0.0.1:9/v1", silent.url), "utf-8")
        (row,) = configured("write", "the shop is closed on Friday", "--json").rows
        assert (row["text"], row["model"]) == (RIGHT, "server:big/some-model")
        server.becomes(both(says("")))
        done = configured("write", "the shop is closed on Friday")
        assert (done.code, done.out) == (6, "")
        assert "wrote nothing. Ask again" in done.err


def test_where_the_first_of_a_chain_is_off_the_second_answers(
    configured: Parley, server: ModelServer, shop_files: Path
) -> None:
    write("server:spare, server:big", "server:big", server.url)
    assert configured("kb", "add", str(shop_files)).code == 0
    (row,) = configured("ask", "How long do parcels to Norway take?", "--json").rows
    assert (row["outcome"], row["model"]) == ("generated", "server:big/some-model")


def test_a_piped_chat_says_what_failed_and_ends_with_its_code(configured: Parley, server: ModelServer) -> None:
    server.becomes(both(streams(chunk("Half a "), chunk("text"), done=False)))
    done = configured("chat", stdin="/chat tell me a story\n/help\n")
    assert done.code == 6
    assert done.out.startswith("Half a text\nThe language model stopped in the middle of its text.")
    assert "/translate" in done.out, "it goes on"


def test_where_none_answers_the_passage_is_quoted(configured: Parley, server: ModelServer, shop_files: Path) -> None:
    assert configured("kb", "add", str(shop_files)).code == 0
    server.becomes(both(status(500)))
    (row,) = configured("ask", "How long do parcels to Norway take?", "--json").rows
    assert row["outcome"] == "quoted"


def test_where_the_embeddings_server_is_off_the_words_find_the_passage(
    configured: Parley, server: ModelServer, shop_files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert configured("kb", "add", str(shop_files)).code == 0
    on = both(says(RIGHT))
    server.becomes(status(500))
    done = configured("ask", "How long do parcels to Norway take?", "--json")
    (row,) = done.rows
    assert (done.code, row["outcome"]) == (0, "quoted")
    assert "Norway" in row["text"]
    assert caplog.text.count("search goes by words alone") == 1
    server.becomes(on)
    (row,) = configured("ask", "How long do parcels to Norway take?", "--json").rows
    assert row["outcome"] == "generated"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("library", ["openai", "purgatory"])
def test_without_the_extra_it_is_named_and_articles_are_quoted(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.delenv("PARLEY_MODELS__GENERATOR")
    write("server:spare", os.environ["PARLEY_MODELS__EMBEDDER"], "http://127.0.0.1:9/v1")
    monkeypatch.setitem(sys.modules, library, None)
    done = parley("write", "thanks for the parcel")
    assert done.code == 6
    assert f"The library {library} is not installed" in done.sentence and ".[openai]" in done.sentence
    assert parley("ask", "/chat hello").code == 6
    (row,) = parley("ask", "How long do parcels to Norway take?", "--json").rows
    assert row["outcome"] == "quoted"


def test_a_server_that_is_not_described_is_said(configured: Parley, server: ModelServer) -> None:
    write("server:bgi", "server:big", server.url)
    assert "no server named 'bgi' (big, spare)" in configured("models", "check").out
