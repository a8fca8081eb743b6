"""What the how-to says is what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot.channels.telegram import errors
from bot.settings.channels import AccessSettings, TelegramSettings, WebhookSettings

HOW_TO = (Path(__file__).parents[4] / "docs/how-to/telegram.md").read_text("utf-8")
GROUPS = {"telegram": TelegramSettings, "access": AccessSettings, "telegram.webhook": WebhookSettings}


@pytest.mark.parametrize(
    "sentence",
    [errors.REFUSED, errors.SECOND_POLLER, errors.NOT_REACHED, errors.OLD_SERVER],
    ids=lambda text: text[:40],
)
def test_every_refusal_is_explained(sentence: str) -> None:
    words = sentence.partition(". ")[0].partition(" that Parley needs")[0]
    assert f"| {words}" in HOW_TO


def test_every_setting_that_is_named_exists() -> None:
    named = re.findall(r"`((?:telegram|access)(?:\.webhook)?)\.([a-z_]+)`", HOW_TO)
    assert len(named) > 8
    for group, name in named:
        assert name in GROUPS[group].model_fields, f"{group}.{name}"


def test_every_example_of_settings_is_taken() -> None:
    examples = re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL)
    assert len(examples) > 3
    for example in examples:
        TelegramSettings.model_validate(tomllib.loads(example)["telegram"])
