"""The lines that were typed at the prompt, which come back with the arrow keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from prompt_toolkit.history import FileHistory


class LineHistory(FileHistory):
    """Reads its file anew for each prompt: what `/forget` has emptied does not come back from memory."""

    async def load(self) -> AsyncGenerator[str, None]:
        """Lines, the newest first."""
        for line in self.load_history_strings():
            yield line
