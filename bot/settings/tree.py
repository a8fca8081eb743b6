"""Parley's settings: one typed, frozen tree, built once at the start and passed down.

Sources, the strongest first: environment variables (`PARLEY_MODELS__DEVICE`), `parley.toml`, the defaults below.
Each field's description becomes the comment above it in the file that `parley init` writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_dir
from pydantic import AfterValidator, Field, PrivateAttr

from bot.settings.channels import AccessSettings, DiscordSettings, TelegramSettings, TurnsSettings
from bot.settings.kinds import Folder, Group, Language, Lowered, Name, Share
from bot.settings.secrets import read_secret, with_password
from bot.settings.servers import ServerName, ServerSettings

DATABASE_PREFIXES = ("sqlite://", "postgresql+psycopg://")
CONFIG_NAME = "parley.toml"


def _known_database(url: str) -> str:
    if url and not url.startswith(DATABASE_PREFIXES):
        raise ValueError("a URL that begins with " + " or ".join(DATABASE_PREFIXES))
    return url


class AdapterSettings(Group):
    """A LoRA adapter on top of the generator: what fine-tuning with peft saves."""

    folder: Folder = Field(examples=["./adapters/tutor"], description="The folder with its adapter_config.json.")


class ModelsSettings(Group):
    """Which models do the work, and on what."""

    profile: str = Field(
        default="embedded", min_length=1, description="A named choice of models; see `parley models list`."
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], Lowered] = Field(
        default="auto", description="Where models run; auto takes the GPU if there is one."
    )
    threads: int = Field(default=0, ge=0, le=1024, description="CPU threads for models; 0 chooses by the machine.")
    generator: Name | None = Field(
        default=None,
        examples=["./models/my-model"],
        description="Writes answers in place of the profile's model: a catalogue name, a folder, a GGUF file (run by "
        'llama.cpp: extra llamacpp), a hub id, or "server:NAME". Several, separated by commas: the next one writes '
        "when one before it cannot.",
    )
    embedder: Name | None = Field(
        default=None, examples=["./models/my-embedder"], description="Embeds texts in place of the profile's model."
    )
    translator: Name | None = Field(
        default=None, examples=["./models/my-translator"], description="Translates in place of the profile's model."
    )
    sentiment: Name | None = Field(
        default=None,
        examples=["./models/my-sentiment"],
        description="Judges sentiment in place of the profile's model.",
    )
    reranker: Name | None = Field(
        default=None,
        examples=["bge-reranker-base"],
        description="Reads a question together with each passage, to order what was found; none unless named.",
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        examples=[12.0],
        description="What all models may take of the device's memory; the least used is unloaded for another. "
        "Unset: most of it.",
    )
    context_tokens: int | None = Field(
        default=None,
        ge=512,
        examples=[8192],
        description="How much text a generator on this machine looks at, prompt and answer together; never more than "
        "it was trained for. Less takes less memory. Unset: all of that, and 4096 for a GGUF file.",
    )
    quantisation: Annotated[Literal["none", "int8", "int4"], Lowered] = Field(
        default="none",
        description="Packs generators on a GPU to 8 or 4 bits a weight: less memory, a little less exact.",
    )
    warm: list[Annotated[Literal["generate", "embed", "translate", "sentiment", "rerank"], Lowered]] = Field(
        default=[],
        examples=[["generate", "embed"]],
        description="Tasks whose models are loaded at the start; the others at their first use.",
    )
    adapters: dict[ServerName, AdapterSettings] = Field(
        default={},
        examples=[{"tutor": {"folder": "./adapters/tutor"}}],
        description="LoRA adapters by name, each better as a table [models.adapters.NAME]; a persona names its own.",
    )
    servers: dict[ServerName, ServerSettings] = Field(
        default={},
        examples=[{"big": {"base_url": "http://127.0.0.1:8000/v1", "model": "Qwen/Qwen3-8B"}}],
        description="Servers with the OpenAI API, each better as a table [models.servers.NAME]; chosen above as "
        '"server:NAME". docs/how-to/model-servers.md says what such a table may hold.',
    )
    max_new_tokens: int = Field(
        default=0,
        ge=0,
        le=32768,
        description="The longest answer or draft that is generated, in tokens; 0: 256 for an answer, 400 for a draft.",
    )
    temperature: float = Field(
        default=0.0, ge=0.0, le=2.0, description="0 always takes the likeliest word; more varies."
    )
    offline: bool = Field(default=False, description="Never fetch weights; use what is on disk.")


class KnowledgeSettings(Group):
    """How documents are read, split and found."""

    max_file_mb: float = Field(default=20.0, gt=0, le=1024, description="Larger files are refused, in megabytes.")
    top_k: int = Field(default=5, ge=1, le=50, description="How many documents an answer may draw on.")
    curated_threshold: Share | None = Field(
        default=None,
        examples=[0.75],
        description="At least this confident: a curated answer word for word. Unset: calibrated.",
    )
    answerable_threshold: Share | None = Field(
        default=None,
        examples=[0.35],
        description="Less confident than this: Parley says that it does not know. Unset: calibrated.",
    )


class DialogueSettings(Group):
    """How Parley talks."""

    persona: Name | None = Field(
        default=None,
        examples=["./persona.yaml"],
        description="Who Parley is when it writes: a persona's name, or its file.",
    )
    glossary: Folder | None = Field(
        default=None,
        examples=["./glossary.yaml"],
        description="How terms are translated, and names that stay as they are: a YAML file.",
    )
    history_turns: int = Field(
        default=8, ge=0, le=200, description="How many earlier turns an answer takes into account."
    )
    language: Annotated[str, Field(pattern=r"^(auto|[a-z]{2,3})$")] = Field(
        default="auto", description="The language of replies: auto follows the message, a code such as zh fixes it."
    )
    writing: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="May the model write answers from articles? auto: if the weights of the one that answers take 1 GB "
        "or more, since the article's own sentences answer better than a very small model.",
    )
    mood: bool = Field(
        default=False,
        description="Judge how each message feels, and keep a running mood of each conversation; takes time.",
    )
    default_language: Language = Field(default="en", description="The language where a message does not tell its own.")
    max_message_chars: int = Field(
        default=8000, ge=1, le=1_000_000, description="Longer messages are refused, in characters."
    )
    privacy: str = Field(
        default="",
        max_length=4000,
        description="What /privacy says besides what is kept and for how long, for example who runs this Parley.",
    )
    suggestions: int = Field(
        default=3, ge=0, le=10, description="How many nearest questions are offered to an unknown one."
    )


class ConsoleSettings(Group):
    """The chat in the terminal."""

    user: str = Field(default="you", min_length=1, max_length=64, description="Your name, shown before what you write.")
    conversation: str = Field(
        default="console:default",
        min_length=1,
        max_length=200,
        description="The conversation that `parley chat` goes on with.",
    )


class LogSettings(Group):
    """What is written to the log. It never holds what people say."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Lowered] = Field(
        default="info", description="The least weighty entries that are kept."
    )
    file: Folder | None = Field(
        default=None,
        examples=["./logs/parley.log"],
        description="Where the log goes, /dev/stderr for standard error; unset: logs/parley.log in the data folder.",
    )


class Settings(Group):
    """The whole tree. Build it with `bot.settings.load_settings`."""

    home: Folder = Field(
        default_factory=lambda: Path(user_data_dir("parley", appauthor=False)),
        validate_default=True,
        description="Where data goes: the database, the index, models and logs.",
    )
    # Kept out of repr: it may hold a password.
    database_url: Annotated[str, AfterValidator(_known_database)] = Field(
        default="", repr=False, description="Where SQL data goes; empty: an SQLite file in the data folder."
    )
    database_password_file: Folder | None = Field(
        default=None,
        examples=["./database-password"],
        description="A file that holds the password of database_url and nothing else.",
    )
    models: ModelsSettings = Field(default_factory=ModelsSettings)
    knowledge: KnowledgeSettings = Field(default_factory=KnowledgeSettings)
    dialogue: DialogueSettings = Field(default_factory=DialogueSettings)
    console: ConsoleSettings = Field(default_factory=ConsoleSettings)
    access: AccessSettings = Field(default_factory=AccessSettings)
    turns: TurnsSettings = Field(default_factory=TurnsSettings)
    telegram: TelegramSettings = Field(default_factory=TelegramSettings)
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    _config_file: Path | None = PrivateAttr(default=None)

    @property
    def config_file(self) -> Path | None:
        """The `parley.toml` that was read, or None."""
        return self._config_file

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def index_dir(self) -> Path:
        return self.home / "index"

    @property
    def chat_history(self) -> Path:
        """The lines that were typed in the terminal chat."""
        return self.home / "chat-history"

    @property
    def database_path(self) -> Path:
        """The SQLite file in the data folder, used where `database_url` is empty."""
        return self.home / "parley.db"

    @property
    def storage_url(self) -> str:
        """The database's URL for SQLAlchemy, with its password. Raises SettingsError if that cannot be read."""
        if not self.database_url:
            return f"sqlite:///{self.database_path}"
        return with_password(self.database_url, self.database_password)

    @property
    def database_password(self) -> str:
        """What `database_password_file` holds; empty where none is set. Raises SettingsError."""
        return read_secret("", self.database_password_file, "database_password")

    @property
    def log_file(self) -> Path:
        return self.log.file or self.home / "logs" / "parley.log"
