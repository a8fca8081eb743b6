"""Settings: where values come from, and what is said when one is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings import Settings, load_settings
from bot.settings.channels import DiscordSettings, TelegramSettings
from bot.settings.file import describe, render_toml
from bot.settings.secrets import read_secret, read_token
from bot.settings.walk import leaves


def write(folder: Path, text: str) -> Path:
    path = folder / "parley.toml"
    path.write_text(text, "utf-8")
    return path


def failing(config: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(config, env or {})
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_defaults_need_neither_file_nor_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(env={})
    assert settings.models.profile == "embedded"
    assert settings.config_file is None
    assert settings.home.is_absolute()


def test_the_environment_is_stronger_than_the_file_and_the_file_than_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, '[models]\ndevice = "cuda"\nthreads = 2\n[knowledge]\ntop_k = 7\n')
    settings = load_settings(path, {"PARLEY_MODELS__DEVICE": "cpu", "parley_knowledge__max_file_mb": "1.5"})
    assert (settings.models.device, settings.models.threads) == ("cpu", 2)
    assert (settings.knowledge.top_k, settings.knowledge.max_file_mb) == (7, 1.5)
    assert settings.config_file == path


def test_parley_config_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[dialogue]\nsuggestions = 1\n")
    assert load_settings(env={"PARLEY_CONFIG": str(path)}).dialogue.suggestions == 1


def test_the_file_in_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "[dialogue]\nsuggestions = 2\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(env={}).dialogue.suggestions == 2


def test_places_follow_from_home(tmp_path: Path) -> None:
    settings = load_settings(env={"PARLEY_HOME": str(tmp_path)})
    assert settings.models_dir == tmp_path / "models"
    assert settings.index_dir == tmp_path / "index"
    assert settings.log_file == tmp_path / "logs" / "parley.log"
    assert settings.storage_url == f"sqlite:///{tmp_path / 'parley.db'}"


def test_relative_paths_in_the_file_count_from_its_folder(tmp_path: Path) -> None:
    path = write(tmp_path, 'home = "data"\n[models]\ngenerator = "./weights"\nembedder = "org/name"\n')
    settings = load_settings(path, {})
    assert settings.home == tmp_path / "data"
    assert settings.models.generator == str(tmp_path / "weights")
    assert settings.models.embedder == "org/name"


def test_an_empty_variable_is_no_value() -> None:
    assert load_settings(env={"PARLEY_MODELS__DEVICE": ""}).models.device == "auto"


def test_variables_of_tools_are_no_settings() -> None:
    env = {"PARLEY_DEBUG": "1", "PARLEY_TEST_DATABASE": "x", "PARLEY_EVAL_DATA": "x", "OTHER": "x"}
    assert load_settings(env=env).models.device == "auto"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PARLEY_MODLES__DEVICE", "cpu", "PARLEY_MODLES__DEVICE .* did you mean PARLEY_MODELS__DEVICE"),
        ("PARLEY_MODELS__DEVISE", "cpu", "did you mean PARLEY_MODELS__DEVICE"),
        ("PARLEY_MODELS", "{}", "PARLEY_MODELS in the environment is not a setting"),
        ("PARLEY_MODELS__DEVICE__X", "1", "is not a setting"),
        ("PARLEY_ZZZZ", "1", "PARLEY_ZZZZ .*parley init"),
        ("PARLEY_MODELS__DEVICE", "gpu", "PARLEY_MODELS__DEVICE is 'gpu'; allowed: auto, cpu or cuda"),
        ("PARLEY_KNOWLEDGE__TOP_K", "many", "'many'; allowed: a whole number from 1 to 50"),
        ("PARLEY_KNOWLEDGE__CURATED_THRESHOLD", "2", "a number from 0 to 1"),
        ("PARLEY_MODELS__TEMPERATURE", "nan", "a number from 0 to 2"),
        ("PARLEY_MODELS__OFFLINE", "perhaps", "true or false"),
        ("PARLEY_DATABASE_URL", "mysql://h/d", "sqlite:// or postgresql"),
        ("PARLEY_DIALOGUE__LANGUAGE", "english", "auto or a code"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(variable: str, value: str, said: str) -> None:
    assert re.search(said, failing(env={variable: value}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[models\n", "line 1"),
        ('a = "x"\nb = \n', "line 2"),
        (
            '[models]\ndevise = "cpu"\n',
            r"models\.devise in .*parley\.toml is not a setting; did you mean models\.device",
        ),
        ("top_k = 3\n", r"did you mean knowledge\.top_k"),
        ("[zzzz]\n", "allowed: home, database_url, database_password_file, models"),
        ("models = 3\n", "models in .* is a group of settings"),
        ('[models]\nthreads = "4"\n', r"models\.threads in .* is '4'; allowed: a whole number from 0"),
        ("[models]\nthreads = true\n", "a whole number"),
        ("[models]\noffline = 1\n", "true or false"),
        ("home = 3\n", "a path"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    assert re.search(said, failing(write(tmp_path, text)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = failing(write(tmp_path, "[models]\nthreads = -1\n[knowledge]\ntop_k = 0\n"))
    assert len(text.splitlines()) == 2


def test_a_missing_file_and_one_that_is_not_text(tmp_path: Path) -> None:
    assert "no settings file" in failing(tmp_path / "none.toml")
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in failing(binary)


def test_a_bom_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "parley.toml"
    path.write_bytes(b"\xef\xbb\xbf[models]\nthreads = 3\n")
    assert load_settings(path, {}).models.threads == 3


def test_the_tree_cannot_be_changed() -> None:
    settings = load_settings(env={})
    with pytest.raises(ValueError, match="frozen"):
        settings.models.device = "cpu"


def test_passwords_are_never_shown() -> None:
    assert "hunter2" not in failing(env={"PARLEY_DATABASE_URL": "mysql://me:hunter2@h/d"})
    settings = load_settings(env={"PARLEY_DATABASE_URL": "postgresql+psycopg://me:hun@ter2@h/d"})
    assert "ter2" not in repr(settings)
    assert describe(settings)["database_url"] == "postgresql+psycopg://me:***@h/d"


def test_the_written_file_reads_back_as_the_defaults(tmp_path: Path) -> None:
    written = load_settings(write(tmp_path, render_toml()), {})
    assert written.model_dump() == load_settings(env={}).model_dump()
    for location, _ in leaves(Settings):
        assert f"# {location[-1]} = " in render_toml()


def test_every_commented_line_of_the_written_file_is_a_right_setting(tmp_path: Path) -> None:
    everything = re.sub(r"(?m)^# (\w+ = )", r"\1", render_toml())
    settings = load_settings(write(tmp_path, everything), {})
    assert settings.home == tmp_path / "parley-data"


@example("./")  # once taken for a path
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=64))
def test_any_answer_survives_the_written_file(tmp_path_factory: pytest.TempPathFactory, user: str) -> None:
    folder = tmp_path_factory.mktemp("init")
    text = render_toml({"console": {"user": user}, "models": {"device": "cpu"}})
    settings = load_settings(write(folder, text), {})
    assert (settings.console.user, settings.models.device) == (user, "cpu")


def test_a_list_is_written_with_commas_in_the_environment() -> None:
    settings = load_settings(env={"PARLEY_TELEGRAM__ADMINS": "1, 22", "PARLEY_TELEGRAM__KEYWORDS": "退款,refund"})
    assert settings.telegram.admins == [1, 22]
    assert settings.telegram.keywords == ["退款", "refund"]


def test_a_list_is_a_list_in_the_file_and_a_wrong_value_in_it_is_named(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "[discord]\nmanagers = [5]\n"), {}).discord.managers == [5]
    said = failing(write(tmp_path, '[discord]\nmanagers = [5, "x"]\n'))
    assert "discord.managers.1" in said
    assert "a list, each a whole number" in said


@pytest.mark.parametrize("secret", ["has space", "ü", "x" * 257])
def test_a_webhook_secret_that_telegram_would_refuse(secret: str) -> None:
    said = failing(env={"PARLEY_TELEGRAM__WEBHOOK__SECRET": secret})
    assert "as Telegram asks" in said
    assert secret not in said


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc:def\n", "utf-8")
    assert read_secret("", file, "telegram.token") == "abc:def"
    assert read_secret("given", file, "telegram.token") == "given"
    assert read_secret("", None, "telegram.token") == ""


@pytest.mark.parametrize("content", ["", "two words", "a\nb"])
def test_a_file_that_holds_no_single_secret(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match="token_file"):
        read_secret("", file, "telegram.token")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_secret("", tmp_path / "none", "telegram.token")


def test_a_settings_file_that_is_none_does_not_pass_for_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "parley.toml"
    assert load_settings(env={}).config_file is None
    place.symlink_to("none.toml")
    with pytest.raises(SettingsError, match=r"parley\.toml leads to none\.toml, which is not there"):
        load_settings(env={})
    place.unlink()
    place.mkdir()
    for config, env in ((None, {}), (place, {}), (None, {"PARLEY_CONFIG": str(place)})):
        with pytest.raises(SettingsError, match=r"parley\.toml is a folder.*parley init"):
            load_settings(config, env)


GOOD = "123456789:" + "AbCdEfGhI-_" * 3 + "Kl"


@pytest.mark.parametrize("token", [GOOD, f" {GOOD}\n", "1234567890123:" + "x" * 46, f"{GOOD}/test"])
def test_a_token_as_telegram_gives_it(token: str) -> None:
    assert read_token(TelegramSettings(token=token), "telegram") == token.strip()


@pytest.mark.parametrize("token", ["abc", "123456789", f'"{GOOD}"', f"bot{GOOD}", GOOD[:20], f"{GOOD}…", GOOD[10:]])
def test_a_token_of_another_shape_is_noticed_before_telegram_is_asked_and_not_shown(tmp_path: Path, token: str) -> None:
    with pytest.raises(SettingsError, match=r"^telegram\.token holds .*@BotFather.*PARLEY_TELEGRAM__TOKEN") as told:
        read_token(TelegramSettings(token=token), "telegram")
    assert token not in str(told.value)
    file = tmp_path / "telegram"
    file.write_text(token, "utf-8")
    with pytest.raises(SettingsError, match=r"telegram \(telegram\.token_file\) holds") as told:
        read_token(TelegramSettings(token_file=file), "telegram")


def test_what_a_discord_token_looks_like_is_left_to_discord() -> None:
    assert read_token(DiscordSettings(token="abc"), "discord") == "abc"


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgresql+psycopg://parley@db/parley", "postgresql+psycopg://parley:p%40s%2Fs%3A@db/parley"),
        ("postgresql+psycopg://db:5433/parley?x=1", "postgresql+psycopg://:p%40s%2Fs%3A@db:5433/parley?x=1"),
        ("postgresql+psycopg://parley:own@db/parley", "postgresql+psycopg://parley:own@db/parley"),
        ("sqlite:////srv/parley.db", "sqlite:////srv/parley.db"),
    ],
)
def test_the_databases_password_may_lie_in_a_file(tmp_path: Path, url: str, whole: str) -> None:
    file = tmp_path / "password"
    file.write_text("p@s/s:\n", "utf-8")
    settings = load_settings(
        None, {"PARLEY_DATABASE_URL": url, "PARLEY_DATABASE_PASSWORD_FILE": str(file), "PARLEY_HOME": str(tmp_path)}
    )
    assert settings.storage_url == whole
    assert "p@s" not in repr(settings)
    file.unlink()
    if not url.startswith("sqlite"):
        with pytest.raises(SettingsError, match=r"database_password_file is .* cannot be read"):
            assert settings.storage_url
