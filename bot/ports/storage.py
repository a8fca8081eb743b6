"""Where everything is kept: all the parts of storage in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.ports.conversations import Conversations, Unanswered
from bot.ports.persons import AccessList, Opinions, Users
from bot.ports.turns import Deliveries, Parts, Turns
from retrieval.ports import KnowledgeStore

T = TypeVar("T")


class UnitOfWork(Protocol):
    """One transaction: all of it is kept, or none."""

    @property
    def users(self) -> Users: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def unanswered(self) -> Unanswered: ...
    @property
    def parts(self) -> Parts: ...
    @property
    def opinions(self) -> Opinions: ...
    @property
    def access(self) -> AccessList: ...


class Storage(Protocol):
    """Where everything is kept. `run` does its work in a thread of its own and commits when the function returns."""

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run a function in one transaction, off the event loop. An exception rolls back. Raises StorageError."""
        ...

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Like `run` for work that only reads: it never waits for a writer. A write raises StorageError."""
        ...

    @property
    def knowledge(self) -> KnowledgeStore: ...

    def close(self) -> None: ...
