"""What kinds of text can be drafted, in what tones, and how a model is asked for them."""

from __future__ import annotations

import re

from bot.skills.wording import language_name

# What a kind of text is made of. Any other kind is asked for by its name alone.
_FORMS = {
    "en": {
        "mail": "a subject line, a greeting, short paragraphs and a closing",
        "letter": "a greeting, short paragraphs and a closing",
        "report": "a title, one paragraph that says the result, then short sections with headings",
        "post": "a first line that says what it is about, then two or three short paragraphs, for a public page",
        "message": "two or three sentences, as one writes in a chat",
        "minutes": "who met and when if the notes say so, then a list of what was decided and who does what",
        "announcement": "what happens, when and for whom, in one short paragraph, then what to do",
        "reply": "thanks or an apology where it fits, then an answer to each point",
    },
    "zh": {
        "mail": "主题行、称呼、几个短段落和落款",
        "letter": "称呼、几个短段落和落款",
        "report": "标题，先用一段写结论，再按小标题分节",
        "post": "第一句点明主题，再写两三个短段落，面向公众",
        "message": "两三句话，像聊天那样",
        "minutes": "要点里写明的时间和与会者，再逐条列出决定和负责人",
        "announcement": "先用一小段写明什么事、何时、涉及谁，再写需要做什么",
        "reply": "合适时先致谢或致歉，再逐点答复",
    },
}
_KINDS = {
    "mail": "mail|e-?mail|邮件|电子邮件", "letter": "letter|信|信件|书信", "report": "report|报告|汇报",
    "post": "post|帖子|推文|动态", "message": "message|note|消息|短信|留言",
    "minutes": "minutes|meeting minutes|会议纪要|纪要",
    "reply": "reply|answer|回复|答复", "announcement": "announcement|notice|公告|通知",
}  # fmt: skip
_TONES = {
    "friendly": "friendly|warm|友好|亲切|热情", "formal": "formal|official|正式|官方",
    "polite": "polite|courteous|礼貌|客气", "neutral": "neutral|matter-of-fact|中性|客观",
    "casual": "casual|informal|relaxed|轻松|随意|口语", "enthusiastic": "enthusiastic|excited|热烈|激动",
    "apologetic": "apologetic|sorry|抱歉|歉意", "firm": "firm|strict|坚定|严肃",
    "persuasive": "persuasive|convincing|有说服力", "concise": "concise|short|brief|简洁|简短",
    "humorous": "humorous|funny|幽默|风趣",
}  # fmt: skip
_CHINESE_TONES = {
    "friendly": "友好", "formal": "正式", "polite": "礼貌", "neutral": "客观", "casual": "轻松", "enthusiastic": "热情",
    "apologetic": "诚恳致歉", "firm": "坚定", "persuasive": "有说服力", "concise": "简洁", "humorous": "幽默",
}  # fmt: skip
_IN_TONE = re.compile(
    r"\b(?:in|with) an? (?P<en>[\w-]+)(?: tone)?\b|(?:用|以)(?P<zh>\w{1,6}?)的?(?:语气|口吻)", re.IGNORECASE
)


def read_kind(words: str) -> dict[str, str]:
    """Kind and tone from the words before the notes: `mail friendly`, `a formal letter`, `友好的邮件`, `poem`."""
    found = _IN_TONE.search(words)
    tone = (found["en"] or found["zh"]) if found else ""
    rest = _IN_TONE.sub(" ", words)
    for names in _TONES.values():
        if tone:
            break
        spoken = re.search(rf"(?<![\w-])(?:{names})(?![\w-])|(?:{_chinese(names)})", rest, re.IGNORECASE)
        if spoken:
            tone = spoken[0]
            rest = rest[: spoken.start()] + " " + rest[spoken.end() :].removeprefix("的")
    kind = " ".join(re.sub(r"^\s*(?:an?|the)\s+|[,，、]", " ", rest, flags=re.IGNORECASE).split())
    return {name: value for name, value in (("kind", kind), ("tone", tone)) if value}


def task(kind: str, tone: str, notes: str, language: str) -> str:
    """What the model is asked for, in Chinese or in English."""
    chinese = language == "zh"
    known = next((name for name, names in _KINDS.items() if re.fullmatch(names, kind, re.IGNORECASE)), "")
    form = _FORMS["zh" if chinese else "en"].get(known, "")
    feeling = next((name for name, names in _TONES.items() if re.fullmatch(names, tone, re.IGNORECASE)), "")
    if chinese:
        lines = [f"体裁：{kind or '文稿'}" + (f"（{form}）" if form else "")]
        lines += [f"语气：{_CHINESE_TONES.get(feeling, tone)}"] if tone else []
        return "\n".join([*lines, f"要点：{notes}"])
    lines = [f"Write: {kind or 'a text'}" + (f", with {form}" if form else "")]
    lines += [f"Tone: {feeling or tone}"] if tone else []
    lines += [f"Language: {language_name(language, 'en')}"] if language != "en" else []
    return "\n".join([*lines, f"Notes: {notes}"])


def _chinese(names: str) -> str:
    """The Chinese ones of some names: they stand in a text without spaces around them."""
    return "|".join(name for name in names.split("|") if not name.isascii())
