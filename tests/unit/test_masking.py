"""Secrets are masked, and what looks a little like one is left to be read."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import MASK, is_secret_name, mask, show

PASSWORDS = st.text(string.ascii_letters + string.digits + "!$%&*+-=?@^_~:", min_size=12)


@given(PASSWORDS)
def test_no_password_of_a_url_is_left(password: str) -> None:
    masked = mask(f"cannot reach postgresql+psycopg://me:{password}@db:5432/parley today")
    assert masked == f"cannot reach postgresql+psycopg://me:{MASK}@db:5432/parley today"


@pytest.mark.parametrize(
    "secret",
    [
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
        "https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/getMe",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        "Authorization: Bearer abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_tokens_are_masked(secret: str) -> None:
    masked = mask(secret)
    assert MASK in masked
    assert "AAHdq" not in masked
    assert "ZnCjm" not in masked
    assert "abcdefgh" not in masked


@pytest.mark.parametrize(
    "text",
    ["at 12:30:45 turn 7 took 1.5 s", "sqlite:////srv/parley.db", "https://example.org:8080/a@b", "a bot answered", ""],
)
def test_ordinary_text_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("name", ["telegram.token", "TELEGRAM__TOKEN", "models.api_key", "password", "web.secret"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)
    assert show(name, "abc") == MASK


@pytest.mark.parametrize("name", ["models.max_new_tokens", "dialogue.persona", "keyboard"])
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)
    assert show(name, "abc") == "'abc'"


def test_long_values_are_shortened() -> None:
    assert len(show("dialogue.persona", "x" * 500)) == 80


def test_the_token_of_an_interaction_is_masked() -> None:
    url = "https://discord.com/api/v10/webhooks/123456789/aW50ZXJhY3Rpb246MTIzNDU2Nzg5/messages/@original"
    assert mask(url) == f"https://discord.com/api/v10/webhooks/123456789/{MASK}/messages/@original"
