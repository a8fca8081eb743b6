"""The channels of `parley serve`: those that have a token."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.errors import SettingsError, UsageError
from bot.extras import install
from bot.settings.secrets import read_token

if TYPE_CHECKING:
    from bot.bootstrap.parley import Parley
    from bot.serving import Runner

log = logging.getLogger(__name__)

TO_CONFIGURE = (
    "No channel has a token yet. Set PARLEY_TELEGRAM__TOKEN or PARLEY_DISCORD__TOKEN, or token_file in parley.toml; "
    "docs/how-to says where a token comes from."
)


def running_channels(parley: Parley, only: Sequence[str] = (), tell: Callable[[str], None] = log.error) -> list[Runner]:
    """The channels that have a token, or those of them that are named. `tell` is given the sentences that the operator
    should see while they run. Raises SettingsError and UsageError.
    """
    unknown = [name for name in only if name not in _OPENERS]
    if unknown:
        raise UsageError(f"There is no channel {unknown[0]}; there are {' and '.join(_OPENERS)}.")
    tokens = {name: read_token(getattr(parley.settings, name), name) for name in only or _OPENERS}
    if not any(tokens.values()):
        raise SettingsError(TO_CONFIGURE)
    without = [name for name in only if not tokens[name]]
    if without:
        raise SettingsError(
            f"{without[0]} has no token. Set PARLEY_{without[0].upper()}__TOKEN, or {without[0]}.token_file."
        )
    return [_OPENERS[name](parley, token, tell) for name, token in tokens.items() if token]


def _telegram(parley: Parley, token: str, tell: Callable[[str], None]) -> Runner:
    try:
        from bot.channels.telegram.adapter import TelegramChannel
    except ModuleNotFoundError as error:
        raise _not_installed(error, "telegram") from None
    settings = parley.settings
    return TelegramChannel(
        settings.telegram,
        token,
        parley.reception,
        texts=parley.texts,
        languages=parley.languages,
        home=settings.home,
        max_file_mb=settings.knowledge.max_file_mb,
        knowledge=parley.tools.knowledge,
        values=parley.people.conversation_values,
        questions=parley.library.questions,
        tell=lambda sentence: tell(f"telegram: {sentence}"),
    )


def _discord(parley: Parley, token: str, tell: Callable[[str], None]) -> Runner:
    try:
        from bot.channels.discord.adapter import DiscordChannel
    except ModuleNotFoundError as error:
        raise _not_installed(error, "discord") from None
    settings = parley.settings
    return DiscordChannel(
        settings.discord,
        token,
        parley.reception,
        storage=parley.store,
        texts=parley.texts,
        languages=parley.languages,
        home=settings.home,
        max_file_mb=settings.knowledge.max_file_mb,
        knowledge=parley.tools.knowledge,
        personas=parley.tools.personas.names,
    )


_OPENERS: dict[str, Callable[[Parley, str, Callable[[str], None]], Runner]] = {
    "telegram": _telegram,
    "discord": _discord,
}


def _not_installed(error: ModuleNotFoundError, extra: str) -> SettingsError:
    return SettingsError(f"The library {error.name} is not installed, which {extra} needs. {install(extra)}")
