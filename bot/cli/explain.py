"""An error as one sentence that says what to do, with an exit code."""

from __future__ import annotations

import errno
import logging

from bot.errors import InvalidInput, KnowledgeError, ModelUnavailable, ParleyError, StorageError

log = logging.getLogger(__name__)


def explain(error: Exception) -> tuple[str, int]:
    """The sentence for the person, and the exit code."""
    from models.errors import InvalidRows, ModelError
    from retrieval.errors import EmbeddingFailed, EvaluationError, RetrievalError, UnreadableDocument

    if isinstance(error, ParleyError):
        return str(error), error.exit_code
    if isinstance(error, InvalidRows):
        return str(error), InvalidInput.exit_code
    if isinstance(error, ModelError | EmbeddingFailed):
        return str(error), ModelUnavailable.exit_code
    if isinstance(error, UnreadableDocument | EvaluationError):
        return str(error), InvalidInput.exit_code
    if isinstance(error, RetrievalError):
        return str(error), KnowledgeError.exit_code
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full. Free some space and run the command again; nothing stored was lost.", 4
    if isinstance(error, PermissionError):
        return f"No permission for {error.filename}. Give this user the right to it, or set PARLEY_HOME.", 4
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}.", StorageError.exit_code
    log.exception("unexpected error")
    return f"Something unexpected went wrong ({type(error).__name__}). Run again with --debug to see where.", 1
