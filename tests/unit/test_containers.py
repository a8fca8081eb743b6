"""The image and compose.yaml, as far as they can be read without a Docker engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import load_settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
PARLEY = ("prepare", "serve", "worker")


def environment(service: str) -> dict[str, str]:
    """What the service's environment is where the operator has set no variable."""
    given = COMPOSE["services"][service]["environment"]
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in given.items()}


@pytest.mark.parametrize("service", PARLEY)
def test_the_settings_of_each_service_are_settings(service: str, tmp_path: Path) -> None:
    given = environment(service)
    password = tmp_path / "password"
    password.write_text("secret", "utf-8")
    given["PARLEY_DATABASE_PASSWORD_FILE"] = str(password)
    settings = load_settings(None, {**given, "PARLEY_HOME": str(tmp_path)})
    assert settings.storage_url == "postgresql+psycopg://parley:secret@db/parley"
    assert settings.turns.answered_by == "workers"
    assert settings.models.generator is None
    assert settings.models.servers["vllm"].base_url == "http://vllm:8000/v1"
    chosen = load_settings(None, {**given, "PARLEY_MODELS__GENERATOR": "server:vllm", "PARLEY_HOME": str(tmp_path)})
    assert chosen.models.generator


def test_every_secret_is_a_file_and_is_used_where_it_is_named() -> None:
    for service in COMPOSE["services"].values():
        for secret in service.get("secrets", []):
            assert COMPOSE["secrets"][secret]["file"].startswith("./secrets/")
        named = re.findall(r"/run/secrets/([\w-]+)", str(service.get("environment", "")))
        assert set(named) == set(service.get("secrets", []))
    assert "secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_the_services_wait_for_what_they_need() -> None:
    services = COMPOSE["services"]
    assert services["db"]["healthcheck"]["test"][1] == "pg_isready"
    for name in ("serve", "worker"):
        assert services[name]["depends_on"] == {
            "db": {"condition": "service_healthy"},
            "prepare": {"condition": "service_completed_successfully"},
        }
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["vllm"]["profiles"] == ["vllm"]
    assert set(COMPOSE["volumes"]) >= {mount.partition(":")[0] for s in services.values() for mount in s["volumes"]}


def test_what_the_image_is_built_from_passes_the_dockerignore() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    passed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert {"constraints.txt", "pyproject.toml", "README.md", "LICENSE", "NOTICE"} <= passed
    wheel = (ROOT / "pyproject.toml").read_text("utf-8").partition("[tool.hatch.build.targets.wheel]\npackages = ")[2]
    packages = set(re.findall(r'"(\w+)"', wheel.partition("\n")[0]))
    assert packages | {"examples"} <= passed
    assert all((ROOT / name).exists() for name in passed)


def test_the_image_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    final = text.rpartition("\nFROM ")[2]
    assert "\nUSER 10001:10001\n" in final
    assert 'CMD ["parley", "health"]' in final
    assert "COPY . ." not in final
