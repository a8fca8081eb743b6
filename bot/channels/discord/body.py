"""A message of ours as Discord's API takes it. No message can ping anyone: that is decided here, for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from discord import AllowedMentions, MessageFlags

NOBODY: Mapping[str, Any] = {**AllowedMentions.none().to_dict(), "replied_user": False}
MOST_CONTENT = 2000  # characters; and in an embed's description 4096


@dataclass(frozen=True, slots=True)
class Body:
    """What one message shows. `embeds` and `components` are Discord's own objects as JSON."""

    content: str
    embeds: tuple[Mapping[str, Any], ...] = ()
    components: tuple[Mapping[str, Any], ...] = ()
    private: bool = False

    @property
    def digest(self) -> str:
        looks = json.dumps([self.content, self.embeds, self.components], ensure_ascii=False, sort_keys=True)
        return hashlib.blake2s(looks.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()

    def edited(self) -> dict[str, Any]:
        """The JSON of an edit: all that is shown, so that nothing of before stays."""
        return {
            "content": self.content,
            "embeds": list(self.embeds),
            "components": list(self.components),
            "allowed_mentions": dict(NOBODY),
        }

    def sent(self, nonce: str, reply_to: int = 0, channel: int = 0) -> dict[str, Any]:
        """The JSON of a new message in a channel. With `enforce_nonce` Discord gives the message that it has already
        for that nonce, instead of a second one.
        """
        reference = {"message_id": reply_to, "channel_id": channel, "fail_if_not_exists": False}
        return {
            **self.edited(),
            "nonce": nonce,
            "enforce_nonce": True,
            **({"message_reference": reference} if reply_to else {}),
        }

    def followed_up(self, private: bool) -> dict[str, Any]:
        """The JSON of a further response to an interaction."""
        flags = MessageFlags(ephemeral=private).value
        return {**self.edited(), **({"flags": flags} if flags else {})}
