"""The gateway: websockets that speak Discord's v10 with zlib-stream."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from .basics import Json
from .sessions import Connection, Sessions

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    0,
    1,
    2,
    3,
    4,
    6,
    7,
    8,
    9,
    10,
    11,
)
PRIVILEGED = {"members_intent": 1 << 1, "presences_intent": 1 << 8, "message_content": 1 << 15}


class Gateway:
    """Accepts websockets and answers their operations; events go through its `Sessions`."""

    def __init__(
        self, sessions: Sessions, *, heartbeat_interval: float, max_concurrency: int, identify_interval: float
    ):
        self.sessions = sessions
        self.world = sessions.world
        self.heartbeat_interval = heartbeat_interval
        self.max_concurrency = max_concurrency
        self.identify_interval = identify_interval
        self.token: str | None = None
        self.starts_left = 1000
        self.received: list[Json] = []
        self.connections: set[Connection] = set()
        self._identified: dict[int, float] = {}

    def start_limit(self) -> Json:
        return {
            "total": 1000,
            "remaining": self.starts_left,
            "reset_after": 86_400_000,
            "max_concurrency": self.max_concurrency,
        }

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=4096 * 4)
        await socket.prepare(request)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            await socket.close(code=4012, message=b"Invalid API version")
            return socket
        connection = Connection(socket, request.transport, zlib=request.query.get("compress") == "zlib-stream")
        self.connections.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            connection.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_interval * 1000)}})
            self._expect_heartbeat(connection)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._received(connection, message.data)
        finally:
            self.connections.discard(connection)
            connection.ended()
            writer.cancel()
            self.world.changed()
        return socket

    # Operations

    def _received(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            operation, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            connection.close(4002, "Error while decoding payload.")
            return
        self.received.append(frame)
        if not connection.sends.take(asyncio.get_running_loop().time()):
            connection.close(4008, "Rate limited.")
        elif not connection.frozen:
            self._operate(connection, operation, data)
        self.world.changed()

    def _operate(self, connection: Connection, operation: int, data: Any) -> None:
        if operation == HEARTBEAT:
            self._expect_heartbeat(connection)
            connection.send({"op": ACK})
        elif operation == IDENTIFY:
            self._identify(connection, data)
        elif operation == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(4003, "Not authenticated.")
        elif operation == MEMBERS:
            self.sessions.send_members(connection.session, data)
        elif operation not in (PRESENCE, VOICE):
            connection.close(4001, "Unknown opcode.")

    def _expect_heartbeat(self, connection: Connection) -> None:
        """A client that is silent for two intervals is cut off; its session can be resumed."""
        connection.deadline(self.heartbeat_interval * 2, lambda: connection.close(4009, "Session timed out."))

    def _identify(self, connection: Connection, data: Json) -> None:
        shard, count = data.get("shard", [0, 1])
        if data.get("token") != self.token:
            connection.close(4004, "Authentication failed.")
        elif connection.session is not None:
            connection.close(4005, "Already authenticated.")
        elif not 0 <= shard < count:
            connection.close(4010, "Invalid shard.")
        elif not isinstance(data.get("intents"), int):
            connection.close(4013, "Invalid intent(s).")
        elif any(data["intents"] & bit and not getattr(self.world, name) for name, bit in PRIVILEGED.items()):
            connection.close(4014, "Disallowed intent(s).")
        elif not self._may_identify(shard):
            connection.send({"op": INVALID, "d": False})
        else:
            self.starts_left -= 1
            self.sessions.open(connection, data["intents"], shard, count)

    def _may_identify(self, shard: int) -> bool:
        now = asyncio.get_running_loop().time()
        key = shard % self.max_concurrency
        last = self._identified.get(key)
        if self.starts_left <= 0 or (last is not None and now < last + self.identify_interval):
            return False
        self._identified[key] = now
        return True

    def _resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self.token:
            connection.close(4004, "Authentication failed.")
            return
        session = self.sessions.resumable(data.get("session_id"))
        if session is None:
            connection.send({"op": INVALID, "d": False})
        elif not isinstance(data.get("seq"), int) or data["seq"] > session.sequence:
            connection.close(4007, "Invalid seq.")
        else:
            session.resume(connection, data["seq"])

    # What can go wrong

    def asks_heartbeat(self) -> None:
        """Operation 1: every client is to send a heartbeat at once."""
        self._all({"op": HEARTBEAT, "d": None})

    def asks_reconnect(self) -> None:
        self._all({"op": RECONNECT, "d": None})

    def invalidates(self, *, resumable: bool) -> None:
        """Operation 9 to every client."""
        if not resumable:
            self.sessions.forget()
        self._all({"op": INVALID, "d": resumable})

    def _all(self, frame: Json) -> None:
        for connection in self.connections:
            connection.send(frame)

    def close_all(self, code: int, reason: str) -> None:
        for connection in list(self.connections):
            connection.close(code, reason)

    def freeze_all(self) -> None:
        for connection in self.connections:
            connection.freeze()

    def abort(self, shard: int | None = None) -> None:
        """Cut the connections, or those of one shard."""
        for connection in list(self.connections):
            if shard is None or (connection.session is not None and connection.session.shard == shard):
                connection.abort()
