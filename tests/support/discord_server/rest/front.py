"""The door of the REST side: faults, token, limits, the route itself, and the record of every call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.support.discord_server.basics import ApiError
from tests.support.discord_server.faults import Fault, Faults
from tests.support.discord_server.limits import RateLimits, refusal
from tests.support.discord_server.world import World, loop_time

from .calls import PREFIX, Call, Reply, read_call
from .routes import ROUTES, Handler


class Front:
    """Answers REST calls. `token` is the one that is valid now; `calls` all that were made."""

    def __init__(self, world: World, limits: RateLimits, faults: Faults) -> None:
        self.world = world
        self.limits = limits
        self.faults = faults
        self.token: str | None = None
        self.calls: list[Call] = []
        self.extra: list[tuple[str, str, Handler]] = []

    def add_to(self, app: web.Application) -> None:
        for method, route, handler in [*self.extra, *ROUTES]:
            app.router.add_route(method, PREFIX + route, self._served(handler))
        app.router.add_route("*", PREFIX + "/{rest:.*}", self._served(_not_found))

    def _served(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            call = await read_call(request, loop_time())
            self.calls.append(call)
            self.world.changed()
            try:
                return await self._serve(handler, call, request)
            finally:
                self.world.changed()

        return serve

    async def _serve(self, handler: Handler, call: Call, request: web.Request) -> web.StreamResponse:
        slow = self.faults.take(call.method, call.path, slow=True)
        if slow is not None:
            await asyncio.sleep(slow.delay)
        fault = self.faults.take(call.method, call.path, slow=False)
        if fault is not None and not fault.after_effect:
            return self._faulty(fault, call, request)
        try:
            reply = await self._answer(handler, call)
        except ApiError as error:
            reply = Reply(error.body(), error.status)
        if fault is not None:
            return self._faulty(fault, call, request)
        return _response(reply, call)

    async def _answer(self, handler: Handler, call: Call) -> Reply:
        if not call.route.startswith(("/interactions/", "/webhooks/")):
            self._check_token(call)
        verdict = self.limits.check(call.method, call.route, call.major)
        if verdict.retry_after is not None:
            body, headers = refusal(verdict.retry_after, verdict.everywhere)
            return Reply(body, 429, verdict.headers | headers)
        try:
            reply = await handler(self.world, call)
        except ApiError as error:
            reply = Reply(error.body(), error.status)
        reply.headers |= verdict.headers
        return reply

    def _check_token(self, call: Call) -> None:
        if self.token is None or call.authorisation != f"Bot {self.token}":
            raise ApiError(401, 0, "401: Unauthorized")

    def _faulty(self, fault: Fault, call: Call, request: web.Request) -> web.StreamResponse:
        if fault.status is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)  # nobody reads it
        if fault.status == 429:
            return _response(_too_many(fault), call)
        return _response(Reply({"message": fault.message, "code": fault.code}, fault.status), call)


def _too_many(fault: Fault) -> Reply:
    if fault.cloudflare:  # without Via and JSON, as from Cloudflare, which bans by address
        return Reply("error code: 1015", 429)
    retry_after = fault.retry_after or 1.0
    body, headers = refusal(retry_after, fault.everywhere)
    scope = "global" if fault.everywhere else "shared"
    if fault.everywhere:
        headers["X-RateLimit-Global"] = "true"
    return Reply(body, 429, headers | {"X-RateLimit-Scope": scope})


def _response(reply: Reply, call: Call) -> web.Response:
    call.status, call.answer = reply.status, reply.data
    if isinstance(reply.data, str):
        return web.Response(text=reply.data, status=reply.status, headers=reply.headers)
    if reply.data is None:
        return web.Response(status=204 if reply.status == 200 else reply.status, headers=reply.headers)
    # discord.py takes "application/json" alone for JSON, without a charset.
    text = web.json_response(reply.data).body
    headers = reply.headers | {"Content-Type": "application/json"}
    return web.Response(body=text, status=reply.status, headers=headers)


async def _not_found(world: World, call: Call) -> Reply:
    raise ApiError(404, 0, "404: Not Found")
