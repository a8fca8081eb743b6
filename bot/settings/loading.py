"""Where settings come from: the file and the environment, checked so that no mistake in a name passes in silence."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from bot.errors import SettingsError
from bot.settings.explaining import explain, unknown
from bot.settings.tree import CONFIG_NAME, Settings
from bot.settings.walk import field_at, group_at

PREFIX = "parley_"
# Variables with Parley's prefix that are no settings: tools, tests and benchmarks read them.
NOT_SETTINGS = frozenset({"parley_config", "parley_debug", "parley_eval_data"})
NOT_SETTINGS_PREFIXES = ("parley_test_", "parley_bench_")


class _Environment(EnvSettingsSource):
    """pydantic-settings' reader of variables, over a mapping that is passed in."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(
            Settings,  # type: ignore[arg-type]  # it reads the fields of any model; ours is not built by itself
            case_sensitive=False,
            env_prefix=PREFIX,
            env_nested_delimiter="__",
            env_ignore_empty=True,
        )

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """A list is written with commas between its values."""
        if field_name in Settings.model_fields and group_at(Settings, (field_name,)) is not None:
            return super().decode_complex_value(field_name, field, value)
        return [item.strip() for item in str(value).split(",") if item.strip()]

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._variables.items() if value}


def load_settings(config: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment (`env`, default: the process's) over the file `config` over defaults.

    Without `config` the file is the one that PARLEY_CONFIG names, else `parley.toml` in the current folder, if any.
    In the file, relative paths count from the file's folder. Raises SettingsError, naming each wrong setting.
    """
    variables = dict(os.environ if env is None else env)
    path = _config_path(config, variables)
    from_file = _read_file(path) if path else {}
    from_env = _read_environment(variables)
    try:
        settings = Settings.model_validate(_over(from_file, from_env))
    except ValidationError as error:  # the file alone was right, so it is a variable
        raise explain(error, variable_name) from None
    settings._config_file = path
    return settings


def variable_name(location: tuple[str, ...]) -> str:
    """The environment variable of a setting: ("models", "device") gives PARLEY_MODELS__DEVICE."""
    return (PREFIX + "__".join(location)).upper()


def _config_path(config: Path | None, variables: Mapping[str, str]) -> Path | None:
    named = config or next((Path(v) for k, v in variables.items() if k.upper() == "PARLEY_CONFIG" and v), None)
    if named is None:
        here = Path(CONFIG_NAME).absolute()
        return _checked(here) if os.path.lexists(here) else None
    return _checked(named.expanduser().absolute())


def _checked(path: Path) -> Path:
    """Raises SettingsError for what is no file: it must not pass for no settings at all."""
    if path.is_dir():  # Docker makes one where the file to be mounted is missing
        raise SettingsError(f"{path} is a folder, not a settings file. Remove it; write the file with `parley init`.")
    if path.is_symlink() and not path.exists():
        raise SettingsError(f"{path} leads to {path.readlink()}, which is not there; correct the link or remove it.")
    if not path.is_file():
        raise SettingsError(f"There is no settings file {path}; write one with `parley init`, or name another.")
    return path


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Correct that line.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    resolved = _from_folder(values, path.parent)
    try:
        Settings.model_validate(resolved, strict=True)
    except ValidationError as error:
        raise explain(error, lambda location: f"{'.'.join(location)} in {path}") from None
    return resolved


def _from_folder(values: Mapping[str, Any], folder: Path, at: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values with relative paths made absolute: settings that are paths, and names that may be (./ or ../)."""
    resolved: dict[str, Any] = {}
    for name, value in values.items():
        here = (*at, name)
        if isinstance(value, Mapping):
            resolved[name] = _from_folder(value, folder, here)
        elif isinstance(value, str) and value and _is_path(here):
            resolved[name] = str(folder / Path(value).expanduser())
        elif isinstance(value, str) and _may_be_paths(here):
            resolved[name] = ",".join(_of_folder(part, folder) for part in value.split(","))
        else:
            resolved[name] = value
    return resolved


def _is_path(location: tuple[str, ...]) -> bool:
    field = field_at(Settings, location)
    return field is not None and "Path" in str(field.annotation)


def _may_be_paths(location: tuple[str, ...]) -> bool:
    """Models and personas are given by name or by place; several models are separated by commas."""
    return location == ("dialogue", "persona") or (location[0] == "models" and len(location) == 2)


def _of_folder(name: str, folder: Path) -> str:
    place = name.strip()
    return str(folder / Path(place)) if place.startswith(("./", "../")) else name


def _read_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    wrong = [unknown(name, variable_name) for name in sorted(variables) if _is_unknown(name, variables[name])]
    if wrong:
        raise SettingsError("\n".join(wrong))
    return _Environment(variables)()


def _is_unknown(name: str, value: str) -> bool:
    lowered = name.lower()
    if not lowered.startswith(PREFIX) or lowered in NOT_SETTINGS or lowered.startswith(NOT_SETTINGS_PREFIXES):
        return False
    location = tuple(lowered.removeprefix(PREFIX).split("__"))
    # A whole group as one variable would be JSON; one way to say a thing is enough, so it counts as unknown.
    return field_at(Settings, location) is None or group_at(Settings, location) is not None


def _over(base: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in stronger.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
