"""The HTTP side: paths and tokens, bodies in, answers out, and the faults on the way."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from tests.support.telegram_server.calls import Call, read_call
from tests.support.telegram_server.errors import ApiError, ConnectionCut, not_found, unauthorized
from tests.support.telegram_server.faults import Fault, Faults
from tests.support.telegram_server.methods import METHODS
from tests.support.telegram_server.world import World

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
LARGEST_UPLOAD = 50 * 1024 * 1024


class Front:
    """Answers requests for as long as one run of the server lasts.

    Attributes:
        stopping: set when the server goes down; what still waits then has no effect.
    """

    def __init__(self, world: World, faults: Faults, token: str | None) -> None:
        self.stopping = asyncio.Event()
        self.token = token
        self._world = world
        self._faults = faults

    def application(self) -> web.Application:
        """The routes. Any path that none of them takes is 404."""
        app = web.Application(client_max_size=LARGEST_UPLOAD)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        return app

    async def _nothing(self, request: web.Request) -> web.Response:
        return _refused(not_found())

    def _check_token(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise not_found()
        if token != self.token:
            raise unauthorized()

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request.match_info["token"])
        except ApiError as error:
            return _refused(error)
        files = {document.path: document for document in self._world.files.values()}
        document = files.get(request.match_info["path"])
        if document is None:
            return _refused(not_found())
        return web.Response(body=document.data, content_type="application/octet-stream")

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            self._check_token(request.match_info["token"])
            call = await read_call(request, name, self._world.clock.now())
        except ApiError as error:
            return _refused(error)
        self._world.calls.append(call)
        self._world.bell.ring()
        try:
            call.result = await self._answer(call)
            return web.json_response({"ok": True, "result": call.result})
        except ApiError as error:
            call.error = error
            return _refused(error)
        except ConnectionCut:
            call.lost = True
            return _cut(request)
        finally:
            call.done_at = self._world.clock.now()
            self._world.bell.ring()

    async def _answer(self, call: Call) -> object:
        method = METHODS.get(call.method.lower())
        if method is None:
            raise not_found()
        fault = self._faults.take(call) or Fault(call.method)
        if fault.seconds and not fault.after_effect:
            await self._pause(fault.seconds)
        if fault.cut and not fault.after_effect:
            raise ConnectionCut
        if fault.error is not None and not fault.after_effect:
            self._world.note_refusal(call, fault.error)
            raise fault.error
        result = await method(self._world, call)
        if fault.after_effect and not fault.seconds:
            raise ConnectionCut
        if fault.after_effect:
            await self._pause(fault.seconds)
        return result

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
        raise ConnectionCut


def _refused(error: ApiError) -> web.Response:
    return web.json_response(error.to_json(), status=error.code)


def _cut(request: web.Request) -> web.Response:
    """Close the connection under the answer, which is then not sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
