"""Where Discord's API is."""

from __future__ import annotations

import pytest
from discord.http import Route

from bot.channels.discord.api import api_at, checked
from bot.errors import SettingsError


@pytest.mark.parametrize("base", ["http://127.0.0.1:8080/api/v10", "http://localhost/api", "http://[::1]/api"])
def test_this_machine_is_talked_to_in_the_clear(base: str) -> None:
    assert checked(f"{base}/") == base


@pytest.mark.parametrize("base", ["http://example.org/api", "ftp://example.org", "http://127.0.0.1.example.org/"])
def test_other_machines_are_not(base: str) -> None:
    with pytest.raises(SettingsError, match=r"discord\.api_base"):
        checked(base)


def test_the_address_is_put_back() -> None:
    before = Route.BASE
    with pytest.raises(KeyError), api_at("https://example.org/api/v10"):
        assert Route("GET", "/gateway").url == "https://example.org/api/v10/gateway"
        raise KeyError
    assert before == Route.BASE
