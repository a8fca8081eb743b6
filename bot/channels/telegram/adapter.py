"""Telegram as a channel: opens the bot, takes updates in until it is cancelled, and makes the outlets of its turns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram import client, commands
from bot.channels.telegram.acknowledging import Acknowledgements
from bot.channels.telegram.background import Background
from bot.channels.telegram.client import AnyApplication
from bot.channels.telegram.convert import Me
from bot.channels.telegram.errors import NOT_REACHED, translated
from bot.channels.telegram.files import Downloads
from bot.channels.telegram.hints import Hints
from bot.channels.telegram.inline import Inline, Questions
from bot.channels.telegram.intake import Intake, Values
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.outlet import TelegramOutlet
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.timing import PACE, Timing
from bot.channels.telegram.updates import Door
from bot.delivery.files import IncomingFiles
from bot.delivery.ports import Outlet, Pace
from bot.delivery.reception import Reception
from bot.domain import Channel, Origin, User
from bot.errors import DeliveryError, TryLater
from bot.ports import Knowledge, LanguageTools, Texts
from bot.settings.channels import TelegramSettings

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where updates come from."""

    async def run(self, ready: Callable[[], None]) -> None:
        """Until cancelled; calls `ready` once updates are taken in."""
        ...


class TelegramChannel:
    """`bot.serving.Runner` and `bot.delivery.ports.Outlets` for one bot.

    `values` gives what was set for a conversation; `questions` gives questions to begin with, for inline mode. `tell`
    is given the sentences that the operator should see while the channel runs. `pace` and `timing` are Telegram's
    limits and our patience.
    """

    channel = Channel.TELEGRAM

    def __init__(
        self,
        settings: TelegramSettings,
        token: str,
        reception: Reception,
        texts: Texts,
        languages: LanguageTools,
        home: Path,
        max_file_mb: float,
        knowledge: Knowledge | None,
        values: Values,
        questions: Questions | None = None,
        pace: Pace = PACE,
        timing: Timing | None = None,
        tell: Callable[[str], None] = log.error,
    ) -> None:
        self._settings = settings
        self._token = token
        self._reception = reception
        self._texts = texts
        self._languages = languages
        self._knowledge = knowledge
        self._values = values
        self._questions = questions
        self._timing = timing or Timing()
        self._downloads = Downloads(IncomingFiles(home / "incoming"), max_file_mb, self._timing.download)
        self._tell = tell
        self._application: AnyApplication | None = None
        self._acknowledgements: Acknowledgements | None = None
        self._memory = Memory()
        self.bot = ""
        self.pace = pace

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until cancelled. Raises ChannelError and SettingsError where it is pointless to go on, and TryLater
        where Telegram cannot be reached at the start.
        """
        application = client.build(self._settings, self._token)
        background = Background()
        try:
            await _open(application)
            await self._serve(application, background, ready)
        finally:
            await background.aclose()
            # The application closes nothing where its start failed; a second closing of the bot does nothing.
            for closing in (application.shutdown, application.bot.shutdown):
                with suppress(TelegramError):
                    await closing()

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet:
        """Where the reply to a turn is written."""
        assert self._acknowledgements is not None, "the channel is open"
        return TelegramOutlet(
            self._running_bot,
            conversation_id,
            origin,
            self._texts,
            self._settings.streaming,
            self._memory,
            self._acknowledgements,
        )

    def _running_bot(self) -> Bot:
        assert self._application is not None, "the channel is open"
        bot: Bot = self._application.bot
        return bot

    async def _serve(self, application: AnyApplication, background: Background, ready: Callable[[], None]) -> None:
        bot = application.bot
        self._application = application
        self._acknowledgements = Acknowledgements(bot, background, self._settings.reactions)
        self.bot = str(bot.id)
        self._intake(Me(bot.id, bot.username), self._acknowledgements, background).register(application)
        source = self._source(application)
        background.start(commands.set_menu(bot, self._texts))
        background.start(self._downloads.files.keep_swept())
        self._reception.open(self)
        try:
            taken_up = await self._reception.resume(self)
            log.info("telegram: %d unfinished turns are taken up again", taken_up)
            await source.run(ready)
        finally:
            self._reception.close_channel(self)

    def _intake(self, me: Me, acknowledgements: Acknowledgements, background: Background) -> Intake:
        inline = None
        if self._settings.inline and self._knowledge is not None:
            inline = Inline(self._knowledge, self._texts, self._languages, background, self._admits, self._questions)
        hints = Hints(self._texts, background, self._timing.hint_every)
        return Intake(
            self._settings,
            me,
            self._reception,
            self._values,
            self._downloads,
            hints,
            inline,
            acknowledgements,
            self._memory,
            background,
        )

    async def _admits(self, user: User) -> bool:
        return await self._reception.admits(user, admin=int(user.external_id) in self._settings.admins)

    def _source(self, application: AnyApplication) -> Source:
        take_in = Door(application).take_in
        if not self._settings.webhook.url:
            return Polling(application.bot, take_in, self._timing, self._tell)
        from bot.channels.telegram.webhook import Webhook  # loads a web server

        return Webhook(application.bot, take_in, self._settings.webhook, self._timing)


async def _open(application: AnyApplication) -> None:
    """Check the token. The library's error would show it."""
    try:
        await application.initialize()
    except TelegramError as error:
        found = translated(error)
        if isinstance(found, DeliveryError):
            raise TryLater(NOT_REACHED) from None
        raise found from None
