"""The message catalogue: Fluent (projectfluent.org) bundles, read at the first use of a language."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
FALLBACK = "en"


@cache
def available_languages() -> tuple[str, ...]:
    """The languages that have a folder with files, sorted."""
    return tuple(sorted({file.parent.name for file in FOLDER.glob("*/*.ftl")}))


@cache
def _bundle(language: str) -> FluentBundle:
    # Isolation marks (U+2068, U+2069) would show as boxes in many terminals and chats.
    bundle = FluentBundle([language], use_isolating=False)
    for file in sorted((FOLDER / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


class FluentTexts:
    """`bot.ports.Texts` over the Fluent files; a language without a file is served in English."""

    def __call__(self, text_id: str, language: str, /, **values: str | int | float) -> str:
        """Give the sentence. Raises KeyError for an id that no file has: that is a mistake in the code."""
        for candidate in (language, FALLBACK):
            if candidate not in available_languages():
                continue
            bundle = _bundle(candidate)
            if bundle.has_message(text_id):
                pattern = bundle.get_message(text_id).value
                if pattern is None:
                    break
                text, errors = bundle.format_pattern(pattern, dict(values))
                for error in errors:
                    log.warning("message %s in %s: %s", text_id, candidate, type(error).__name__)
                return str(text)
        raise KeyError(text_id)
