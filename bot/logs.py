"""Logging: to a rotating file in the data folder, or to standard error where `log.file` is /dev/stderr, as containers
want it. On the terminal otherwise only with `--debug`, and then from warnings up.

No logger of Parley writes what people say. Bot tokens and passwords in URLs are masked in whatever is written, in
tracebacks and in other libraries' entries as well.
"""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.errors import SettingsError
from bot.masking import mask
from bot.settings import Settings

MAX_BYTES = 5_000_000
BACKUPS = 3
STANDARD_ERROR = Path("/dev/stderr")  # opened by its name it may belong to root, and could not be written

# They tell of every request or file at INFO, and some of them would tell what was asked.
_NOISY = (
    "aiohttp", "alembic", "asyncio", "discord", "faiss", "filelock", "gensim", "httpcore", "httpcore2", "httpx",
    "httpx2", "huggingface_hub", "jieba", "openai", "sqlalchemy", "telegram", "torch", "trafilatura", "transformers",
    "urllib3", "uvicorn.access",
)  # fmt: skip

_installed: list[logging.Handler] = []


class MaskingFormatter(logging.Formatter):
    """Masks secrets in the finished entry, so that arguments and tracebacks are covered too."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def configure(settings: Settings, debug: bool = False) -> None:
    """Set up logging anew; a second call replaces the first. Raises SettingsError if the file cannot be written."""
    shutdown()
    level = logging.DEBUG if debug else logging.getLevelNamesMapping()[settings.log.level.upper()]
    formatter = MaskingFormatter("%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s")
    to_terminal = settings.log_file == STANDARD_ERROR
    _install(logging.StreamHandler(sys.stderr) if to_terminal else _file_handler(settings), formatter, level)
    if debug and not to_terminal:
        _install(logging.StreamHandler(sys.stderr), formatter, logging.WARNING)
    logging.getLogger().setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)


def shutdown() -> None:
    """Take away and close what `configure` set up."""
    logging.captureWarnings(False)
    while _installed:
        handler = _installed.pop()
        logging.getLogger().removeHandler(handler)
        handler.close()


def _install(handler: logging.Handler, formatter: logging.Formatter, level: int) -> None:
    handler.setFormatter(formatter)
    handler.setLevel(level)
    logging.getLogger().addHandler(handler)
    _installed.append(handler)


def _file_handler(settings: Settings) -> logging.Handler:
    path = settings.log_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The log {path} cannot be written ({error.strerror}); set PARLEY_HOME or log.file to a place that can."
        ) from None
