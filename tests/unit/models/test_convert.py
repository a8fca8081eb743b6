"""Quiet loading."""

from __future__ import annotations

import sys

from models.convert import quiet_transformers


def test_while_a_model_loads_other_threads_are_heard_on_standard_error() -> None:
    """Standard error belongs to the whole process: what a channel says meanwhile was lost once."""
    before = sys.stderr
    with quiet_transformers():
        assert sys.stderr is before
