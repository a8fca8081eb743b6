"""The door to the operator's glossary: a YAML file of terms and how they are translated.

keep: [Parley, Acme Cloud]     # these stay as they are, in any language
en-zh:
  return policy: 退货政策
zh-en:
  退货: return
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bot.errors import SettingsError

if TYPE_CHECKING:
    from models.tasks.translation.glossary import Glossary

_PAIR = re.compile(r"(?P<source>[a-z]{2,3})-(?P<target>[a-z]{2,3})")


def read_glossary(path: Path | None) -> Glossary:
    """Read the file, if there is one. Raises SettingsError, naming the file and what is wrong."""
    from models.tasks.translation.glossary import Glossary

    if path is None:
        return Glossary()
    content = _content(path)
    keep = content.pop("keep", None) or []
    if not isinstance(keep, list):
        raise SettingsError(f"The glossary {path}: `keep` must be a list of names.")
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for name, terms in content.items():
        pair = _PAIR.fullmatch(str(name))
        if pair is None:
            raise SettingsError(f"The glossary {path}: “{name}” is no pair of languages; write for example en-zh.")
        if not isinstance(terms, dict):
            raise SettingsError(
                f"The glossary {path}: under “{name}” write a line a term: it, a colon and its translation."
            )
        pairs[pair["source"], pair["target"]] = _terms(terms, f"{path}, {name}")
    return Glossary(pairs, tuple(_word(name, str(path)) for name in keep))


def _content(path: Path) -> dict[Any, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"The glossary {path} cannot be read: {error.strerror}. Correct dialogue.glossary."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"The glossary {path}{place} is not valid YAML. Correct it and start again.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"The glossary {path} needs pairs of languages such as `en-zh:`, each with its terms.")
    return content


def _terms(terms: dict[Any, Any], place: str) -> dict[str, str]:
    return {_word(term, place): _word(translation, f"{place}, {term}") for term, translation in terms.items()}


def _word(value: object, place: str) -> str:
    """A term as it is written. YAML reads `no` and `1` as other things, which their quotes prevent."""
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"The glossary {place}: “{value}” is no text. Put it between quotes.")
    return value.strip()
