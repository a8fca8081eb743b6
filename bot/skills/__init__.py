"""What can be done with a turn: one file a skill, found by the entry-point group `parley.skills`."""

from bot.skills.base import AnswerOptions, Skill, SkillMatch, SkillRequest, Toolbox

__all__ = ["AnswerOptions", "Skill", "SkillMatch", "SkillRequest", "Toolbox"]
