"""People in their seats: alone with Parley, or in a group, admin or not, with either language."""

from __future__ import annotations

from bot.domain import Channel, File, Origin, User
from tests.support.desk import Seat

ANN = User(Channel.TELEGRAM, "1", "Ann")
BO = User(Channel.TELEGRAM, "2", "Bo")


def seat(
    user: User = ANN,
    *,
    locale: str = "en",
    group: bool = False,
    admin: bool = False,
    quoted: str = "",
    quoted_ours: bool = False,
    files: tuple[File, ...] = (),
    interaction: bool = False,
    attempt: int = 0,
) -> Seat:
    """A seat on a messenger: a private chat with the person, or the one group that there is."""
    origin = Origin(
        address={"chat": 7, "interaction": "token"} if interaction else {"chat": 7},
        quoted=quoted,
        quoted_ours=quoted_ours,
        files=files,
        locale=locale,
        group=group,
        admin=admin,
        attempt=attempt,
    )
    return Seat(user, "telegram:-100" if group else f"telegram:{user.external_id}", origin)
