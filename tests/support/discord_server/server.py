"""The server as a test has it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .basics import Ids, Json
from .faults import Fault, Faults, route_pattern
from .gateway import Gateway
from .guilds import Guild
from .limits import RateLimits
from .people import Person
from .rest.calls import PREFIX, Call, Reply
from .rest.front import Front
from .sessions import Sessions
from .shown import Shown
from .world import World


class DiscordServer:
    """Discord on a free port of this machine, with people to talk to. See the package's docstring."""

    def __init__(
        self,
        token: str,
        *,
        rate_limits: bool = True,
        message_content: bool = True,
        members_intent: bool = True,
        presences_intent: bool = False,
        heartbeat_interval: float = 41.25,
        identify_interval: float = 5.0,
        max_concurrency: int = 1,
        shards: int = 1,
        settle: float = 0.25,
        clock: Callable[[], float] = time.time,
        bot_name: str = "Parley",
    ) -> None:
        self.world = World(Ids(clock), settle)
        self.world.message_content = message_content
        self.world.members_intent = members_intent
        self.world.presences_intent = presences_intent
        self.world.bot = Person(self.world, self.world.ids.next(), bot_name, bot=True)
        self.world.operator = self.person("Operator")
        self.world.people[self.bot.id] = self.bot
        self.limits = RateLimits(rate_limits, clock)
        self.faults = Faults()
        self.front = Front(self.world, self.limits, self.faults)
        self.front.extra = [("GET", "/gateway", self._gateway_url), ("GET", "/gateway/bot", self._gateway_bot)]
        self.sessions = Sessions(self.world)
        self.gateway = Gateway(
            self.sessions,
            heartbeat_interval=heartbeat_interval,
            max_concurrency=max_concurrency,
            identify_interval=identify_interval,
        )
        self.shards = shards
        self.port = 0
        self._runner: web.AppRunner | None = None
        self.allow_token(token)

    # Running

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, the second time on the same port; everything that was said is still there."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._download)
        self.front.add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.base_url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Go away as a crashed server does: connections are cut. Sessions can be resumed after `start`."""
        if self._runner is not None:
            self.gateway.abort()
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_base(self) -> str:
        """What `discord.api_base` is set to: http://127.0.0.1:PORT/api/v10."""
        return self.world.base_url + PREFIX

    @property
    def gateway_url(self) -> str:
        return f"{self.world.base_url.replace('http', 'ws', 1)}/gateway"

    async def _gateway_url(self, world: World, call: Call) -> Reply:
        return Reply({"url": self.gateway_url})

    async def _gateway_bot(self, world: World, call: Call) -> Reply:
        limit = self.gateway.start_limit()
        return Reply({"url": self.gateway_url, "shards": self.shards, "session_start_limit": limit})

    async def _download(self, request: web.Request) -> web.Response:
        data = self.world.files.get(int(request.match_info["file"]))
        if data is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=data)

    # Who is there

    @property
    def bot(self) -> Person:
        return self.world.bot

    def person(self, name: str, *, bot: bool = False, locale: str = "en-US") -> Person:
        person = Person(self.world, self.world.ids.next(), name, bot=bot, locale=locale)
        self.world.people[person.id] = person
        return person

    def guild(self, name: str, *, locale: str = "en-US") -> Guild:
        """A Discord server with the bot in it."""
        guild = Guild(self.world, self.world.ids.next(), name, locale=locale)
        self.world.guilds[guild.id] = guild
        guild.joins(self.bot)
        everything = bool(self.world.presences_intent)
        data = guild.payload(all_members=everything)
        del data["unavailable"]
        self.world.emit("GUILD_CREATE", data, guild.id)
        return guild

    # Looking

    async def until(self, predicate: Callable[[], Any], within: float = 10.0, what: str = "it") -> None:
        """Wait until the predicate holds; it is looked at again after every call and event."""
        await self.world.until(predicate, within, what)

    def calls(self, method: str = "*", route: str = "**") -> list[Call]:
        """The REST calls made so far, such as calls("POST", "/channels/*/messages")."""
        pattern = route_pattern(route)
        return [call for call in self.front.calls if method in ("*", call.method) and pattern.fullmatch(call.path)]

    def transcripts(self) -> dict[str, list[Shown]]:
        """What is shown at the end, by "channel name-id" ("dm-ID" for direct messages)."""
        return {f"{one.name or 'dm'}-{one.id}": one.shown() for one in self.world.channels.values() if one.messages}

    @property
    def given_429(self) -> Counter[tuple[str, str]]:
        """How many 429s the rate limits gave, by (method, route)."""
        return self.limits.given

    # Faults

    def fail(
        self,
        method: str,
        route: str,
        times: int = 1,
        *,
        status: int = 500,
        code: int = 0,
        message: str = "Internal Server Error",
        retry_after: float | None = None,
        everywhere: bool = False,
        cloudflare: bool = False,
        after_effect: bool = False,
    ) -> None:
        """Answer the next calls of a route with an error; after_effect: they are carried out all the same."""
        pattern = route_pattern(route)
        fault = Fault(method, pattern, times, status, code, message, retry_after, everywhere, cloudflare, after_effect)
        self.faults.add(fault)

    def cut(self, method: str, route: str, times: int = 1, *, after_effect: bool = False) -> None:
        """Cut the connection instead of answering."""
        self.faults.add(Fault(method, route_pattern(route), times, after_effect=after_effect))

    def slow(self, method: str, route: str, seconds: float, times: int = 1) -> None:
        self.faults.add(Fault(method, route_pattern(route), times, delay=seconds))

    def drop_gateway(self, *, resumable: bool = True, shard: int | None = None) -> None:
        """Cut the websocket of a shard (None: of all); without resumable a RESUME is then refused."""
        if not resumable:
            self.sessions.forget(shard)
        self.gateway.abort(shard)

    def freeze_gateway(self) -> None:
        """The connections that are open now stay open and are dead; new ones work."""
        self.gateway.freeze_all()

    def asks_heartbeat(self) -> None:
        """Operation 1 to every client."""
        self.gateway.asks_heartbeat()

    def asks_reconnect(self) -> None:
        """Operation 7 to every client."""
        self.gateway.asks_reconnect()

    def invalidates_session(self, *, resumable: bool) -> None:
        """Operation 9 to every client."""
        self.gateway.invalidates(resumable=resumable)

    def revoke_token(self) -> None:
        """The token is no longer valid: 401, and close code 4004 on the gateway."""
        self.front.token = self.gateway.token = None
        self.gateway.close_all(4004, "Authentication failed.")

    def allow_token(self, token: str) -> None:
        self.front.token = self.gateway.token = token

    def dispatch(self, event: str, data: Json, guild_id: int | None = None) -> None:
        """Send any event, of unknown types too."""
        self.world.emit(event, data, guild_id)
