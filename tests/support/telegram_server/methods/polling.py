"""How the bot gets its updates: long polling, or a webhook."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.errors import bad_request, conflict
from tests.support.telegram_server.messages import Json
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import Hook, World

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _remember_allowed(world: World, call: Call) -> None:
    # Left out, the last list holds; given empty, the default does.
    if isinstance(call.params.get("allowed_updates"), list):
        world.updates.allowed = [str(kind) for kind in call.params["allowed_updates"]]


@method("getUpdates")
async def get_updates(world: World, call: Call) -> list[Json]:
    """The updates from ``offset`` on; what is below it is confirmed and gone."""
    if world.hook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    _remember_allowed(world, call)
    offset, limit, timeout = (
        int(call.params.get(name) or default) for name, default in (("offset", 0), ("limit", 100), ("timeout", 0))
    )
    return await world.updates.poll(offset, limit, timeout)


def _local(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def _unhook(world: World, call: Call) -> bool:
    if call.params.get("drop_pending_updates"):
        world.updates.pending.clear()
    world.hook = Hook()
    world.bell.ring()
    return True


@method("setWebhook")
async def set_webhook(world: World, call: Call) -> bool:
    """True. An address without TLS is taken on loopback only, as a Bot API server of one's own does."""
    url, secret = str(call.params.get("url") or ""), call.params.get("secret_token")
    if not url:
        return _unhook(world, call)
    address = urlsplit(url)
    if address.scheme != "https" and not (address.scheme == "http" and _local(address.hostname)):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret is not None and not _SECRET.fullmatch(str(secret)):
        raise bad_request("secret token contains unallowed characters")
    _remember_allowed(world, call)
    if call.params.get("drop_pending_updates"):
        world.updates.pending.clear()
    most = int(call.params.get("max_connections") or 40)
    world.hook = Hook(url, None if secret is None else str(secret), most)
    world.updates.end_poll(conflict("terminated by setWebhook request"))
    world.bell.ring()
    return True


@method("deleteWebhook")
async def delete_webhook(world: World, call: Call) -> bool:
    """True."""
    return _unhook(world, call)


@method("getWebhookInfo")
async def get_webhook_info(world: World, call: Call) -> Json:
    """A ``WebhookInfo``."""
    hook = world.hook
    info: dict[str, Any] = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.pending),
    }
    if hook.url:
        info["max_connections"] = hook.max_connections
    if hook.last_error is not None:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
    if world.updates.allowed:
        info["allowed_updates"] = world.updates.allowed
    return info
