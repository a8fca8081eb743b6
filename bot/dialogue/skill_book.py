"""The skills that are installed, found by the entry-point group `parley.skills`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

from bot.skills import Skill

log = logging.getLogger(__name__)

GROUP = "parley.skills"


class SkillBook:
    """Skills by name and by command. One that cannot be loaded, or whose words are taken, is left out and logged."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._by_name: dict[str, Skill] = {}
        self._by_command: dict[str, Skill] = {}
        for skill in skills:
            self._add(skill)

    @classmethod
    def installed(cls) -> SkillBook:
        """All skills that any installed package offers; Parley's own come first and keep their words."""
        found = sorted(
            entry_points(group=GROUP), key=lambda entry: (not entry.value.startswith("bot.skills."), entry.name)
        )
        return cls(skill for entry in found if (skill := _load(entry)) is not None)

    def _add(self, skill: Skill) -> None:
        taken = [word for word in skill.commands if word in self._by_command]
        if skill.name in self._by_name or taken:
            log.warning("skill %s is left out: its name or the command %s is taken", skill.name, ", ".join(taken))
            return
        self._by_name[skill.name] = skill
        self._by_command.update(dict.fromkeys(skill.commands, skill))

    def __iter__(self) -> Iterator[Skill]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Skill | None:
        return self._by_name.get(name)

    def of_command(self, command: str) -> Skill | None:
        return self._by_command.get(command.casefold())


def _load(entry: EntryPoint) -> Skill | None:
    try:
        skill: Skill = entry.load()()
    except Exception:  # someone else's package must not keep Parley from starting
        log.exception("skill %s cannot be loaded", entry.name)
        return None
    return skill
