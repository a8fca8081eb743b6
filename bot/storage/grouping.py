"""Group commit: what waits to be written is written together, and reaches the disk by one flush.

SQLite has one writer at a time, and each of its commits waits for the disk. While one is under way others come; they
share the next one, each in a savepoint of its own, so that one that fails leaves the others alone. (PostgreSQL does
the same by itself, see commit_delay in its manual.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")

MOST = 100  # units in one commit: who waits for the last of them waits for all


@dataclass(slots=True)
class _Unit:
    work: Callable[[Connection], Any]
    done: Future[Any] = field(default_factory=Future)


class GroupCommit:
    """Runs units of work on one connection of an engine, in the order in which they come, in the one thread of
    `pool`.
    """

    def __init__(self, engine: Engine, pool: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._pool = pool
        self._waiting: deque[_Unit] = deque()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Give the unit's result once it has reached the disk. Raises what the unit raises, of which nothing is kept,
        and SQLAlchemyError. A unit may be begun a second time where the first try was undone.
        """
        unit = _Unit(work)
        self._waiting.append(unit)
        self._pool.submit(self._write)
        return cast(T, await asyncio.wrap_future(unit.done))

    def _write(self) -> None:
        """Write what waits; whoever comes later finds it done."""
        group: list[_Unit] = []
        while self._waiting and len(group) < MOST:
            unit = self._waiting.popleft()
            if unit.done.set_running_or_notify_cancel():
                group.append(unit)
        if len(group) > 1 and self._together(group):
            return
        for unit in group:
            self._alone(unit)

    def _together(self, group: list[_Unit]) -> bool:
        """Whether all is told already; False where the database failed, and nothing was kept."""
        results: list[tuple[_Unit, Any, BaseException | None]] = []
        try:
            with self._engine.begin() as connection:
                for unit in group:
                    try:
                        with connection.begin_nested():
                            results.append((unit, unit.work(connection), None))
                    except SQLAlchemyError:  # SQLite may have undone the whole transaction
                        raise
                    except BaseException as raised:  # noqa: BLE001 - it is the caller's, and told there
                        results.append((unit, None, raised))
        except SQLAlchemyError:
            return False
        for unit, result, error in results:
            _tell(unit, result, error)
        return True

    def _alone(self, unit: _Unit) -> None:
        try:
            with self._engine.begin() as connection:
                result = unit.work(connection)
        except BaseException as error:  # noqa: BLE001 - it is the caller's, and told there
            _tell(unit, None, error)
        else:
            _tell(unit, result, None)


def _tell(unit: _Unit, result: Any, error: BaseException | None) -> None:
    if error is not None:
        unit.done.set_exception(error)
    else:
        unit.done.set_result(result)
