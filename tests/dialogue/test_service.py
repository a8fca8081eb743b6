"""What people ask Parley about itself, as (said, answered) pairs, in both languages, alone and in groups."""

from __future__ import annotations

import json

import pytest

from bot.domain import Channel, Choice, Outcome, Preferences, Reply, User
from bot.skills import AnswerOptions, Skill
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.service import SERVICE_SKILLS
from bot.skills.service.export import ExportSkill
from bot.skills.service.forget import ForgetSkill
from bot.skills.service.help import HelpSkill
from bot.skills.service.language import LanguageSkill
from bot.skills.service.learn import LearnSkill
from bot.skills.service.pair import PairSkill
from bot.skills.service.persona import PersonaSkill
from bot.skills.service.privacy import PrivacySkill
from bot.skills.service.settings import SettingsSkill
from bot.skills.service.start import StartSkill
from tests.support.desk import Desk, Seat
from tests.support.people import BO, seat
from tests.support.personas import TwoPersonas
from tests.support.shop import shop_knowledge


def service_skills() -> list[Skill]:
    return [
        StartSkill(),
        HelpSkill(),
        LanguageSkill(),
        PersonaSkill(),
        ForgetSkill(),
        ExportSkill(),
        PrivacySkill(),
        SettingsSkill(),
        LearnSkill(),
        PairSkill(),
        AnswerSkill(),
        ChatSkill(),
    ]


def desk(privacy: str = "") -> Desk:
    options = AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05, privacy=privacy)
    return Desk(service_skills(), knowledge=shop_knowledge(), options=options, personas=TwoPersonas())


PRIVATE, GROUP, ADMIN = seat(), seat(group=True), seat(group=True, admin=True)
PRIVATE_ZH, GROUP_ZH = seat(locale="zh"), seat(locale="zh", group=True)
ADMIN_ZH = seat(locale="zh", group=True, admin=True)
AUTOMATIC = "Language: automatic. I answer in the language that you write in."


@pytest.mark.parametrize(
    ("where", "talk"),
    [
        (PRIVATE, [
            ("/language", AUTOMATIC),
            ("/language zh", "从现在起我用中文回答。"),
            ("/language", "语言：中文。"),
            ("hello", "您好！想了解些什么？"),
            ("/language en", "From now on I answer in English."),
            ("你好", "Hello! What would you like to know?"),
            ("/language 自动", "I answer in the language that you write in."),
            ("你好", "您好！想了解些什么？"),
            ("/language fr", "From now on I answer in French."),
            ("/language", "Language: French."),
            ("/language zh", "从现在起我用中文回答。"),
            ("/language Klingonish",
             "我不认识语言“Klingonish”。请写语言名称或代码，例如 zh、en、de。"),
        ]),
        (PRIVATE_ZH, [
            ("/language", "语言：自动。您用哪种语言提问，我就用哪种语言回答。"),
            ("/language auto", "您用哪种语言提问，我就用哪种语言回答。"),
            ("/language English", "From now on I answer in English."),
        ]),
        (PRIVATE, [
            ("/persona", "Who shall I be?\n- Tutor: Explains.\n- Writer"),
            ("/persona tutor", "From now on I am Tutor.\n\nWhat shall we learn?"),
            ("hello", "What shall we learn?"),
            ("/persona Nobody", "There is no persona “Nobody”. /persona shows those that there are."),
            ("/persona default", "I am the default persona again."),
            ("hello", "Hello! What would you like to know?"),
        ]),
        (PRIVATE_ZH, [
            ("/persona Tutor", "从现在起我是“Tutor”。\n\n今天学什么？"),
            ("/persona 默认", "我已恢复默认角色。"),
        ]),
        (PRIVATE, [
            ("/settings", f"{AUTOMATIC}\nPersona: the default one."),
            ("/settings answer always", "When to answer can be set in a group only. Write the command there."),
            ("/settings volume 11",
             "Write /settings answer mention, /settings answer keyword, /settings answer always "
             "or /settings translate en, zh."),
            ("/persona Writer", "From now on I am Writer."),
            ("/settings", f"{AUTOMATIC}\nPersona: Writer."),
        ]),
        (GROUP, [
            ("/settings answer always", "Only admins may change when I answer in this group."),
            ("/settings", f"{AUTOMATIC}\nPersona: the default one.\n"
             "In this group I answer as my operator has set it.\nOnly admins may change when I answer in this group."),
            ("/learn", "Only admins may use /learn."),
            ("/pair ABCD", "Only admins may use /pair."),
            ("/export", "Everybody here would see your data. Write /export to me in a private chat."),
        ]),
        (GROUP_ZH, [
            ("/settings answer always", "只有管理员可以更改我在这个群里何时回答。"),
            ("/learn", "只有管理员可以使用 /learn。"),
            ("/pair ABCD", "只有管理员可以使用 /pair。"),
            ("/export", "在这里发送的话，大家都会看到您的数据。请私聊我并输入 /export。"),
        ]),
        (ADMIN, [
            ("/settings answer Always", "In this group I answer every message."),
            ("/settings", f"{AUTOMATIC}\nPersona: the default one.\n"
             "In this group I answer every message."),
            ("/settings answer keyword", "In this group I also answer messages that hold one of my keywords."),
            ("/settings answer mention", "In this group I answer when I am mentioned, replied to, or given a command."),
            ("/settings answer default", "In this group I answer as my operator has set it."),
            ("/learn", "Send me a file together with /learn, or reply /learn to a message that has one."),
            ("/learn undo nonesuch12",
             "That cannot be undone any more: it was undone already, is more than 7 days old, "
             "or the documents have changed since."),
            ("/pair", "Write the code that the person was given: /pair CODE"),
            ("/pair WRONG", "Nobody waits with that code. Ask the person for the code that I gave them."),
        ]),
        (ADMIN_ZH, [
            ("/settings answer always", "在这个群里，我回答每一条消息。"),
            ("/settings answer keyword", "在这个群里，消息中出现我的关键词时，我也会回答。"),
            ("/settings answer mention", "在这个群里，有人 @ 我、回复我或使用命令时，我才回答。"),
            ("/learn", "请把文件和 /learn 一起发给我，或者用 /learn 回复带有文件的消息。"),
            ("/pair", "请写上对方拿到的配对码：/pair 配对码"),
        ]),
        (PRIVATE, [
            ("/forget", "Shall I delete what you and I said in this conversation? It cannot be undone."),
            ("/forget everything", "Shall I delete what you and I said in all conversations? It cannot be undone."),
            ("/forget it please", "Write /forget for this conversation, or /forget everything for all of them."),
        ]),
        (PRIVATE_ZH, [
            ("/forget", "要删除您和我在这个对话里说过的话吗？删除后无法恢复。"),
            ("/forget 全部", "要删除您和我在所有对话里说过的话吗？删除后无法恢复。"),
        ]),
        (GROUP, [("/forget", "Shall I delete what you said in this group, and my replies to you? What others said "
                             "stays. It cannot be undone.")]),
    ],
)  # fmt: skip
async def test_conversations(where: Seat, talk: list[tuple[str, str]]) -> None:
    room = desk()
    assert [(said, await room.say(said, seat=where)) for said, _ in talk] == talk


async def test_choices_are_buttons_with_the_current_one_ticked() -> None:
    room = desk()
    await room.say("/language zh", seat=PRIVATE)
    reply = await room.reply("/language", seat=PRIVATE)
    assert reply.choices == (
        Choice("✓ 中文", "/language zh"),
        Choice("English", "/language en"),
        Choice("自动", "/language auto"),
    )
    await room.say("/persona Writer", seat=PRIVATE)
    labels = [choice.label for choice in (await room.reply("/persona", seat=PRIVATE)).choices]
    assert labels == ["Tutor", "✓ Writer", "默认"]
    await room.say("/settings answer always", seat=ADMIN)
    reply = await room.reply("/settings", seat=ADMIN)
    assert Choice("✓ 每条都回答", "/settings answer always") in reply.choices
    assert Choice("按运营方的设置", "/settings answer default") in reply.choices


async def test_every_choice_leads_somewhere() -> None:
    """What a button says is understood when it is pressed."""
    for where in (PRIVATE, ADMIN):
        room = desk()
        for command in ("/start", "/language", "/persona", "/settings", "/forget", "/forget everything"):
            for choice in (await room.reply(command, seat=where)).choices:
                assert isinstance(await room.reply(choice.text, seat=where), Reply)


async def test_a_persona_takes_the_texts_that_no_command_claims() -> None:
    room = desk()
    assert "parley doctor" not in await room.say("When is my refund paid?", seat=PRIVATE)
    await room.say("/persona Writer", seat=PRIVATE)
    assert "parley doctor" in await room.say("When is my refund paid?", seat=PRIVATE)  # it goes to the model


async def test_help_lists_what_fits() -> None:
    room = desk()
    alone, admin = await room.say("/help", seat=PRIVATE), await room.say("/help", seat=ADMIN)
    assert "/ask QUESTION" in alone and "/forget" in alone
    assert "/learn" not in alone and "/pair" not in alone
    assert "/learn" in admin and "/pair" in admin
    assert "mention me" in admin and "mention me" not in alone
    console = await room.say("/help")
    assert "/start" not in console and "/privacy" in console
    await room.say("/settings answer always", seat=ADMIN)
    assert "just ask" in await room.say("/help", seat=GROUP)
    await room.say("/settings answer keyword", seat=ADMIN)
    assert "使用我的关键词" in await room.say("/help", seat=GROUP_ZH)


async def test_privacy_says_what_is_kept_and_who_operates() -> None:
    english, chinese = await desk().say("/privacy", seat=PRIVATE), await desk().say("/privacy", seat=PRIVATE_ZH)
    assert all(word in english for word in ("/forget", "/export", "database", "Who operates me"))
    assert all(word in chinese for word in ("/forget", "/export", "数据库", "运营方"))
    own = await desk("Operated by the shop, Lane 5.").say("/privacy", seat=PRIVATE)
    assert own.endswith("Operated by the shop, Lane 5.") and "ask the person" not in own


async def test_forgetting_here_deletes_here_and_keeps_its_own_turn() -> None:
    room = desk()
    await room.say("hello", seat=PRIVATE)
    await room.say("hello", seat=GROUP)
    reply = await room.reply("/forget", seat=PRIVATE)
    assert [choice.text for choice in reply.choices] == ["/forget yes", "/forget everything yes"]
    done = await room.say(reply.choices[0].text, seat=PRIVATE)
    assert done == (
        "I have deleted 4 messages of this conversation. "
        "What you see in this app is the app's own copy; delete it there."
    )
    assert await texts_of(room, PRIVATE) == ["/forget yes", done]
    assert (await texts_of(room, GROUP))[0] == "hello"
    assert "There was nothing" not in await room.say("/forget everything yes", seat=PRIVATE)
    assert await texts_of(room, GROUP) == []


async def test_in_a_group_only_what_this_person_said_is_forgotten() -> None:
    room = desk()
    await room.say("hello", seat=GROUP)
    await room.say("thanks", seat=seat(BO, group=True))
    assert "2 messages" in await room.say("/forget yes", seat=GROUP)
    assert (await texts_of(room, GROUP))[:2] == ["thanks", "You're welcome."]


async def test_an_export_is_a_file_for_its_person() -> None:
    room = desk()
    await room.say("/language en", seat=PRIVATE)
    await room.say("hello", seat=PRIVATE)
    await room.say("a secret", seat=seat(BO))
    reply = await room.reply("/export", seat=PRIVATE)
    assert reply.private and reply.attachment is not None
    content = json.loads(reply.attachment.content)
    assert content["person"] == {"channel": "telegram", "id": "1", "name": "Ann"}
    assert content["settings"]["language"] == "en"
    said = [message["text"] for talk in content["conversations"] for message in talk["messages"]]
    assert said[:4] == [
        "/language en", "From now on I answer in English.", "hello", "Hello! What would you like to know?"
    ]  # fmt: skip
    assert "a secret" not in said
    shown_alone = await room.reply("/export", seat=seat(group=True, interaction=True))
    assert shown_alone.attachment is not None and shown_alone.private


async def test_parleys_own_words_are_no_part_of_the_talk() -> None:
    room = desk()
    await room.say("How long does a refund take?", seat=PRIVATE)
    for command in ("/help", "/language", "/forget", "/settings"):
        assert (await room.reply(command, seat=PRIVATE)).outcome is Outcome.SERVICE
    reply = await room.reply("And when is it paid?", seat=PRIVATE)
    assert reply.citations[0].document == "refund-time"


async def test_the_platforms_language_counts_until_something_was_said() -> None:
    room = desk()
    assert await room.say("/frobnicate", seat=PRIVATE_ZH) == "我不认识命令 /frobnicate。输入 /help 可以看到所有命令。"
    await room.say("How long does a refund take?", seat=PRIVATE_ZH)
    assert "Language: automatic" in await room.say("/language", seat=PRIVATE_ZH)


async def test_every_service_skill_is_named_and_described() -> None:
    room = desk()
    own = [skill for skill in room.skills if type(skill).__module__.startswith("bot.skills.service")]
    assert {skill.name for skill in own} == SERVICE_SKILLS
    for skill in own:
        for language in ("en", "zh"):
            assert skill.describe(language, room.texts).startswith(f"/{skill.commands[0]}")


async def test_settings_of_one_person_are_not_anothers() -> None:
    room = desk()
    await room.say("/language zh", seat=GROUP)
    assert await room.say("hello", seat=GROUP) == "您好！想了解些什么？"
    assert await room.say("hello", seat=seat(BO, group=True)) == "Hello! What would you like to know?"
    person = await room.storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "2")))
    assert await room.tools.people.preferences(person.id) == Preferences()


async def texts_of(room: Desk, where: Seat) -> list[str]:
    said = await room.storage.read(lambda work: work.conversations.history(where.conversation, 99))
    return [message.text for message in said]
