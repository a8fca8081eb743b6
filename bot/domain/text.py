"""Cleaning of text that a person or a file brought in."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^/[A-Za-z_][\w-]*(?:@\w+)?\s*")
_HEADING = re.compile(r"^#{1,6}[ \t].*$\n?", re.MULTILINE)
_LIST_MARK = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_BREAK = re.compile(r"\s*\n\s*")
_WHITE_SPACE = re.compile(r"\s+")
_INNER_QUOTES = str.maketrans("“”", "‘’")
# C0 and C1 controls without tab and newline, and the lone surrogates that no encoder accepts.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What steers a terminal: the same controls and the carriage return, which writes over a line; and the two marks that
# show letters in another order than they stand. The other marks of direction are part of right-to-left text.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


def clean(text: str) -> str:
    """Take out control characters and lone surrogates, make line ends `\\n`, and strip the ends.

    What a person can see stays as it is: emoji with their joiners, right-to-left marks, any script.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", unified).strip()


def harmless(text: str) -> str:
    """What a terminal may be given: nothing in it moves the cursor, sets a title or fills the clipboard.

    Character by character, so that a sequence that comes in two pieces is as dead as a whole one: without its ESC it is
    a few letters, which are shown. (rich's `strip_control_codes` leaves ESC and C1, `click.unstyle` leaves OSC.)

    >>> harmless("\x1b[31mred\x07")
    '[31mred'
    """
    return _STEERING.sub("", text)


def harmless_json(text: str) -> str:
    r"""The same for a line of JSON, whose value stays: what steers a terminal becomes its escape.

    >>> harmless_json('"\x9b31m"')
    '"\\u009b31m"'
    """
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def without_headings(text: str) -> str:
    """Take out Markdown headings: they name what is said, and are no sentences of it."""
    return _HEADING.sub("", text).strip()


def flowing(sentence: str, language: str) -> str:
    """A sentence on one line, without the line breaks of its source and the mark of a list that it stands in."""
    text = _LIST_MARK.sub("", sentence).strip()
    if separator(language) == "":
        text = _BREAK.sub("", text)  # a line break in Chinese text is no space
    return _WHITE_SPACE.sub(" ", text)


def within_quotes(title: str) -> str:
    """A title that will stand in “ ”: quotation marks of its own become the inner ones."""
    return title.translate(_INNER_QUOTES)


def separator(language: str) -> str:
    """What stands between two sentences."""
    return "" if language in {"zh", "ja"} else " "


def without_command(text: str) -> str:
    """What a person said, without the command's word that stood before it."""
    return _COMMAND.sub("", text)
