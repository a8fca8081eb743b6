"""Settings of the channels, and of who may talk there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.settings.kinds import Folder, Group, Lowered, Name, UrlPath, WebAddress, WebhookSecret

Answering = Annotated[Literal["mention", "keyword", "always"], Lowered]


class AccessSettings(Group):
    """Who may talk to Parley in Telegram and on Discord. People are named telegram:ID or discord:ID."""

    policy: Annotated[Literal["open", "allowlist", "pairing"], Lowered] = Field(
        default="open",
        description="Who is answered: everyone, those in allow, or those whose pairing code an admin confirmed.",
    )
    allow: list[Name] = Field(
        default=[], examples=[["telegram:123456789"]], description="People who are always let in."
    )
    ban: list[Name] = Field(default=[], examples=[["discord:123456789"]], description="People who get silence.")
    per_minute: int = Field(default=20, ge=0, le=10_000, description="Messages a minute from one person; 0: no limit.")
    per_day: int = Field(default=0, ge=0, le=1_000_000, description="Messages a day from one person; 0: no limit.")


class TurnsSettings(Group):
    """How turns are queued, taken up after a crash, and delivered."""

    while_answering: Annotated[Literal["queue", "join", "replace"], Lowered] = Field(
        default="queue",
        description="What a person's next message does to the one before it: waits for its turn; is joined to it if it "
        "comes within join_seconds; or replaces it.",
    )
    join_seconds: float = Field(
        default=1.5, ge=0.1, le=30, description="The pause within which join makes one question of two messages."
    )
    old_minutes: float = Field(
        default=60.0, gt=0, le=100_000, description="A question that waited longer, through an outage, counts as old."
    )
    old: Annotated[Literal["answer", "expire"], Lowered] = Field(
        default="answer",
        description="What becomes of old questions: an answer with an apology, or a note that it is too late.",
    )
    attempts: int = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="How often a question is taken up, after a crash each time, before Parley gives it up and says so.",
    )
    queue: int = Field(
        default=2000, ge=1, le=1_000_000, description="More unanswered questions than these are refused, politely."
    )
    queue_here: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="The same for one conversation, with the one being answered.",
    )
    in_doubt: Annotated[Literal["repeat", "leave"], Lowered] = Field(
        default="repeat",
        description="A message may have been sent when the process was killed, and the platform cannot tell: send it "
        "again (it may stand there twice), or leave it (it may be missing).",
    )
    at_once: int = Field(
        default=200, ge=1, le=10_000, description="On PostgreSQL: how many turns one process works on at once."
    )
    answered_by: Annotated[Literal["serve", "workers"], Lowered] = Field(
        default="serve",
        description="Who runs the dialogue and its models: the process that takes in and delivers, or (on PostgreSQL) "
        "those started with `parley worker`.",
    )
    stop_seconds: float = Field(
        default=10.0, ge=0, le=3600, description="How long a stopping Parley finishes what it is writing."
    )


class WebhookSettings(Group):
    """Telegram sends updates here, if url is set; otherwise Parley asks for them (long polling, needs no address)."""

    url: WebAddress = Field(
        default="",
        examples=["https://bot.example.org"],
        description="The public address, without path; empty: long polling.",
    )
    path: UrlPath = Field(default="/telegram", description="The path that is added to the address.")
    listen: Name = Field(default="127.0.0.1", description="The address that Parley listens on, behind your proxy.")
    port: int = Field(default=8443, ge=0, le=65535, description="The port that Parley listens on.")
    secret: WebhookSecret = Field(
        default="",
        repr=False,
        description="What Telegram must send with each update; needed with url. Better set it in the environment.",
    )
    secret_file: Folder | None = Field(
        default=None, examples=["./telegram-secret"], description="A file that holds the secret, in its place."
    )


class TelegramSettings(Group):
    """The Telegram bot. It runs with `parley serve` once it has a token."""

    token: str = Field(
        default="",
        repr=False,
        description="The token from @BotFather. Better set PARLEY_TELEGRAM__TOKEN, or use token_file.",
    )
    token_file: Folder | None = Field(
        default=None, examples=["./telegram-token"], description="A file that holds the token and nothing else."
    )
    base_url: WebAddress = Field(
        default="https://api.telegram.org/bot",
        description="The Bot API; the token is appended. Plain http is taken for this machine only.",
    )
    base_file_url: WebAddress = Field(
        default="https://api.telegram.org/file/bot",
        description="Where the Bot API has its files; the token is appended.",
    )
    admins: list[int] = Field(
        default=[], examples=[[123456789]], description="Ids of people who may use /learn, /pair and groups' /settings."
    )
    admin_chats: list[int] = Field(
        default=[], examples=[[-1001234567890]], description="Chats in which every file is learned, without /learn."
    )
    answer: Answering = Field(
        default="mention",
        description="In groups, answer when mentioned, replied to or commanded; or also on a keyword; or always.",
    )
    keywords: list[Name] = Field(
        default=[], examples=[["refund", "退款"]], description="The words that answer = keyword looks for."
    )
    topics: list[int] = Field(
        default=[], examples=[[17]], description="Ids of forum topics in which everything is answered."
    )
    streaming: Annotated[Literal["auto", "edits", "off"], Lowered] = Field(
        default="auto",
        description="How an answer grows before a person's eyes: by drafts in private chats and edits in groups; by "
        "edits everywhere; or not at all.",
    )
    reactions: bool = Field(default=False, description="Acknowledge a question at once with a reaction (👀).")
    inline: bool = Field(default=True, description="Answer inline questions (@name question) from the knowledge base.")
    webhook: WebhookSettings = Field(default_factory=WebhookSettings)


class DiscordSettings(Group):
    """The Discord bot. It runs with `parley serve` once it has a token."""

    token: str = Field(
        default="",
        repr=False,
        description="The bot's token from the Developer Portal. Better set PARLEY_DISCORD__TOKEN, or use token_file.",
    )
    token_file: Folder | None = Field(
        default=None, examples=["./discord-token"], description="A file that holds the token and nothing else."
    )
    api_base: WebAddress = Field(
        default="https://discord.com/api/v10",
        description="Discord's API. Plain http is taken for this machine only.",
    )
    channels: list[int] = Field(
        default=[], examples=[[112233445566778899]], description="Ids of channels and forums where all is answered."
    )
    keywords: list[Name] = Field(
        default=[], examples=[["refund", "退款"]], description="Words that are answered in every channel."
    )
    open_threads: bool = Field(
        default=False, description="Open a thread for each question asked in a server's channel."
    )
    message_content: bool = Field(
        default=True,
        description="Ask for the privileged intent Message Content. Without it Parley reads only direct messages, "
        "mentions and commands.",
    )
    managers: list[int] = Field(
        default=[],
        examples=[[112233445566778899]],
        description="Ids of roles or people who may teach, and let others in.",
    )
    allow_roles: list[int] = Field(default=[], description="If set, only members with one of these are answered.")
    deny_roles: list[int] = Field(default=[], description="Members with one of these roles get silence.")
    allow_channels: list[int] = Field(default=[], description="If set, Parley answers in these channels only.")
    deny_channels: list[int] = Field(default=[], description="Parley does not answer in these channels.")
    streaming: bool = Field(default=True, description="Show an answer while it grows, by edits.")
    shards: int = Field(default=0, ge=0, le=1024, description="Gateway connections; 0 takes what Discord recommends.")
    catch_up_minutes: int = Field(
        default=60,
        ge=0,
        le=1440,
        description="After a break, answer what was asked meanwhile, as far back as this; 0: do not.",
    )
