"""A reception over a whole dialogue in memory, for tests in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from bot.delivery.access import AccessOptions, Gate
from bot.delivery.inbox import Inbox
from bot.delivery.ports import Pace
from bot.delivery.reception import Notice, Reception
from bot.delivery.rules import TurnRules
from bot.domain import Channel, Incoming, Origin, Turn, TurnState, User
from tests.support.channel_harness import ContractSkill, contract_desk
from tests.support.outlet import MemoryOutlets, Platform
from tests.support.virtual_time import run_virtually

HERE = "telegram:1"


@dataclass
class ReceptionDesk:
    """`says`, `edits` and `presses` are what people do; `texts` is what they see."""

    access: AccessOptions = field(default_factory=AccessOptions)
    pace: Pace = field(default_factory=Pace)
    drafts: bool = False

    def __post_init__(self) -> None:
        self.desk, self.skill = contract_desk()
        self.platform = Platform()
        self.outlets = MemoryOutlets(self.platform, pace=self.pace, drafts=self.drafts)
        self.given = 0
        self.start()

    def start(self) -> None:
        desk = self.desk
        self.gate = Gate(desk.storage, self.access)
        self.reception = Reception(desk.storage, desk.inbox, desk.conductor, desk.texts, desk.languages, self.gate)
        self.reception.open(self.outlets)

    async def says(self, text: str, who: str = "1", message: str = "", **origin: bool | str) -> Turn | None:
        return await self.reception.receive(self.incoming(text, who, message, **origin))

    async def edits(self, message: str, text: str, who: str = "1") -> Turn | None:
        return await self.reception.edited(self.incoming(text, who, message))

    async def presses(self, label: str, who: str = "1", nth: int = -1, **origin: bool | str) -> Notice:
        return await self.acts(self.actions(label)[nth], who, HERE, **origin)

    async def acts(self, action: str, who: str = "1", where: str = HERE, /, **origin: bool | str) -> Notice:
        self.given += 1
        user = User(Channel.TELEGRAM, who)
        return await self.reception.pressed(
            user, where, action, Origin(**origin), f"p{self.given}", self.outlets.bot  # type: ignore[arg-type]
        )  # fmt: skip

    def actions(self, label: str) -> list[str]:
        rows = [row for message in self.platform.messages.values() for row in message.buttons]
        return [button.action for row in rows for button in row if button.label == label]

    def incoming(
        self, text: str, who: str = "1", message: str = "", *, update: str = "", **origin: bool | str
    ) -> Incoming:
        self.given += 1
        about = replace(Origin(message_id=message), **origin)  # type: ignore[arg-type]
        update = update or f"u{self.given}"
        return Incoming(User(Channel.TELEGRAM, who), HERE, text, update, about, self.outlets.bot)

    def choose(self, in_doubt_repeat: bool = True, **rules: Any) -> None:
        """Start anew with other rules for turns."""
        desk = self.desk
        desk.inbox = Inbox(desk.storage, rules=TurnRules(repeat=in_doubt_repeat, **rules))
        self.start()

    @property
    def texts(self) -> list[str]:
        return self.platform.texts(HERE)

    async def state(self, turn: Turn | None) -> TurnState:
        assert turn is not None
        kept = await self.desk.storage.read(lambda work: work.turns.get(turn.id))
        assert kept is not None
        return kept.state


Test = Callable[..., Coroutine[Any, Any, None]]


def virtually(test: Test) -> Callable[..., None]:
    """Run a test in virtual time; what it is given is the desk."""

    def run() -> None:
        async def main() -> None:
            desk = ReceptionDesk()
            await test(desk)
            desk.skill.go_on.set()
            await desk.reception.aclose()

        run_virtually(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


__all__ = ["HERE", "ContractSkill", "ReceptionDesk", "virtually"]
