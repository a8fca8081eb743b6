"""Who the bot is, and the files that it may fetch."""

from __future__ import annotations

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.errors import bad_request
from tests.support.telegram_server.messages import Json
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import World

LARGEST_DOWNLOAD = 20 * 1024 * 1024


@method("getMe")
async def get_me(world: World, call: Call) -> Json:
    """The bot's ``User``."""
    return world.bot.to_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": world.sees_all,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method("logOut")
async def log_out(world: World, call: Call) -> bool:
    """True."""
    return True


@method("close")
async def close(world: World, call: Call) -> bool:
    """True."""
    return True


@method("getFile")
async def get_file(world: World, call: Call) -> Json:
    """A ``File`` with the path that it can be downloaded from."""
    document = world.files.get(str(call.params.get("file_id") or ""))
    if document is None:
        raise bad_request("invalid file_id")
    if len(document.data) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    told = document.to_json()
    return {name: told[name] for name in ("file_id", "file_unique_id", "file_size")} | {"file_path": document.path}
