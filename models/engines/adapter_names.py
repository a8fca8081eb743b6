"""Adapters by name, as requests give them, and by number, as engines count them. Loads no library."""

from __future__ import annotations

from collections.abc import Collection

from models.errors import UnknownModel


def adapter_number(name: str | None, known: Collection[str], model: str) -> int:
    """Give an adapter's number, 0 for no name. Raises UnknownModel."""
    if not name:
        return 0
    if name not in known:
        raise UnknownModel(
            f"The model '{model}' has no adapter '{name}'. Describe it in parley.toml under [models.adapters.{name}]; "
            f"there is: {', '.join(known) or 'none'}."
        )
    return 1 + list(known).index(name)


def marked(tokens: list[int], adapter: int) -> list[int]:
    """Tokens that are equal under the same adapter alone: what an adapter computes from them is its own."""
    return [token + adapter * _STRIDE for token in tokens] if adapter else tokens


_STRIDE = 2**20  # above any vocabulary; adapters up to 2047 fit into 32 bits with it
