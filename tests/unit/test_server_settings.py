"""Settings of model servers: tables with names of the person's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import load_settings
from bot.settings.file import describe
from tests.unit.test_settings import failing, write

BIG = "PARLEY_MODELS__SERVERS__BIG"
SERVER = '[models.servers.big]\nbase_url = "http://gpu:8000/v1"\nmodel = "some/model"\n'


def test_a_server_is_a_table_of_its_own_and_its_key_comes_from_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, SERVER + 'tokenizer = "./tok"\nextra_body = {a = {b = true}}\n')
    settings = load_settings(path, {f"{BIG}__API_KEY": "sk-123", f"{BIG}__RETRIES": "0"})
    big = settings.models.servers["big"]
    assert (big.base_url, big.model, big.api_key, big.retries) == ("http://gpu:8000/v1", "some/model", "sk-123", 0)
    assert big.tokenizer == tmp_path / "tok"
    assert big.extra_body == {"a": {"b": True}}
    assert "sk-123" not in repr(settings) + str(describe(settings))
    assert describe(settings)["models.servers"] == "big"


@pytest.mark.parametrize(
    ("text", "env", "said"),
    [
        ('[models.servers.big]\nmodel = "m"\napi_key = "sk-1"\n', {}, r"servers\.big\.base_url in .* is missing"),
        ("", {f"{BIG}__API_KEY": "sk-1"}, f"{BIG}__BASE_URL is missing"),
        (SERVER + 'modle = "m"\n', {}, r"models\.servers\.big\.modle .* did you mean models\.servers\.big\.model"),
        (SERVER.replace("http", "htp"), {}, r"models\.servers\.big\.base_url .* allowed: addresses that begin with"),
        (SERVER.replace("gpu", "[gpu"), {}, "allowed: addresses"),
        (SERVER.replace("gpu:8000", ""), {}, "allowed: addresses"),
        (SERVER.replace("big", '"My server"'), {}, r"models\.servers\.My server .*is no name; allowed: small letters"),
        (SERVER + "retries = 99\n", {}, r"servers\.big\.retries in .* is 99; allowed: a whole number from 0 to 10"),
        (SERVER, {f"{BIG}__RETRYS": "1"}, f"{BIG}__RETRYS .* is not a setting"),
        (SERVER, {BIG: "{}"}, f"{BIG} in the environment is not a setting"),
        (SERVER, {"PARLEY_MODELS__SERVERS": "{}"}, "PARLEY_MODELS__SERVERS in the environment is not a setting"),
        ("[models]\nservers = 3\n", {}, r"models\.servers in .* is 3; allowed: a table"),
        ("[models.servers]\nbig = 3\n", {}, r"models\.servers\.big in .* a table"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_server_is_told(tmp_path: Path, text: str, env: dict[str, str], said: str) -> None:
    found = failing(write(tmp_path, text), env)
    assert re.search(said, found), found
    assert "sk-1" not in found


def test_in_a_chain_each_place_counts_from_the_files_folder(tmp_path: Path) -> None:
    path = write(tmp_path, '[models]\ngenerator = "./small, server:big, ../other"\n')
    found = load_settings(path, {}).models.generator or ""
    assert [name.strip() for name in found.split(",")] == [f"{tmp_path}/small", "server:big", f"{tmp_path}/../other"]
