"""Gateway sessions: who gets which event, sequence numbers, and what is replayed on RESUME."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from .basics import Json, Permission
from .limits import Window
from .redacting import for_intents, wanted
from .world import World

REPLAYED = 10_000


class Connection:
    """A websocket with its own zlib stream; frames are written in order by one task."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, zlib: bool) -> None:
        self.socket = socket
        self.transport = transport
        self.session: Session | None = None
        self.frozen = False
        self.sends = Window(120, 60.0)
        self._compressor = _compressor() if zlib else None
        self._frames: asyncio.Queue[Json | tuple[int, str]] = asyncio.Queue()
        self._deadline: asyncio.TimerHandle | None = None

    def send(self, frame: Json) -> None:
        if not self.frozen:
            self._frames.put_nowait({"op": 0, "d": None, "s": None, "t": None} | frame)

    def close(self, code: int, reason: str) -> None:
        """Close after everything that waits to be written."""
        self._frames.put_nowait((code, reason))

    def abort(self) -> None:
        """As if the network went away."""
        self.ended()
        if self.transport is not None:
            self.transport.abort()

    def freeze(self) -> None:
        """Stay open, but say nothing and hear nothing any more, as a connection of which the other end is gone."""
        self.frozen = True
        self._stop_clock()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def ended(self) -> None:
        self._stop_clock()
        if self.session is not None and self.session.connection is self:
            self.session.connection = None

    def deadline(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_clock()
        self._deadline = asyncio.get_running_loop().call_later(seconds, then)

    async def write(self) -> None:
        try:
            while not self.socket.closed:
                frame = await self._frames.get()
                if isinstance(frame, tuple):
                    await self.socket.close(code=frame[0], message=frame[1].encode())
                    return
                await self._write(json.dumps(frame))
        except (ConnectionError, RuntimeError):
            return  # the reader sees the end too, and detaches the session

    async def _write(self, text: str) -> None:
        if self._compressor is None:
            await self.socket.send_str(text)
            return
        data = self._compressor.compress(text.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(data)


def _compressor() -> Any:
    return zlib.compressobj()


class Session:
    """What a bot identified as; it outlives its connection, and collects events meanwhile."""

    def __init__(self, session_id: str, intents: int, shard: int, count: int) -> None:
        self.id = session_id
        self.intents = intents
        self.shard = shard
        self.count = count
        self.sequence = 0
        self.connection: Connection | None = None
        self._sent: deque[Json] = deque(maxlen=REPLAYED)

    def dispatch(self, event: str, data: Json) -> None:
        self.sequence += 1
        frame = {"op": 0, "t": event, "s": self.sequence, "d": data}
        self._sent.append(frame)
        if self.connection is not None:
            self.connection.send(frame)

    def sent(self, event: str) -> list[Json]:
        """The data of all events of this kind, oldest first."""
        return [frame["d"] for frame in self._sent if frame["t"] == event]

    def resume(self, connection: Connection, sequence: int) -> None:
        """Replay what came after `sequence`, then RESUMED."""
        self.connection, connection.session = connection, self
        for frame in self._sent:
            if frame["s"] > sequence:
                connection.send(frame)
        self.dispatch("RESUMED", {"_trace": []})


class Sessions:
    """All sessions. It is the sink of the world's events."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live: dict[str, Session] = {}
        world.sink = self.dispatch

    def open(self, connection: Connection, intents: int, shard: int, count: int) -> None:
        session = Session(f"{self.world.ids.next():x}", intents, shard, count)
        session.connection, connection.session = connection, session
        self.live[session.id] = session
        session.dispatch("READY", self._ready(session))
        for guild in self._guilds(session):
            session.dispatch("GUILD_CREATE", guild.payload(all_members=bool(intents & 1 << 8)))

    def _guilds(self, session: Session) -> list[Any]:
        guilds = self.world.guilds.values()
        return [guild for guild in guilds if (guild.id >> 22) % session.count == session.shard]

    def _ready(self, session: Session) -> Json:
        bot = self.world.bot
        return {
            "v": 10,
            "user": bot.payload() | {"verified": True, "mfa_enabled": False, "flags": 0, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in self._guilds(session)],
            "private_channels": [],
            "session_id": session.id,
            "resume_gateway_url": f"{self.world.base_url.replace('http', 'ws', 1)}/gateway",
            "shard": [session.shard, session.count],
            "application": {"id": str(bot.id), "flags": 0},
            "_trace": [],
        }

    def resumable(self, session_id: object) -> Session | None:
        return self.live.get(session_id) if isinstance(session_id, str) else None

    def forget(self, shard: int | None = None) -> None:
        """No session (of that shard) can be resumed any more."""
        self.live = {name: one for name, one in self.live.items() if shard not in (None, one.shard)}

    def dispatch(self, event: str, data: Json, guild_id: int | None) -> None:
        """To each session of the right shard, with its intents, and with only the text that it may read."""
        if not self._bot_sees(event, data):
            return
        for session in self.live.values():
            if ((guild_id or 0) >> 22) % session.count == session.shard and self._wanted(
                event, data, guild_id, session
            ):
                session.dispatch(event, for_intents(event, data, guild_id, session.intents, str(self.world.bot.id)))

    def _wanted(self, event: str, data: Json, guild_id: int | None, session: Session) -> bool:
        """By intents; changes of the bot's own membership come in any case."""
        own = event == "GUILD_MEMBER_UPDATE" and data["user"]["id"] == str(self.world.bot.id)
        return own or wanted(event, guild_id, session.intents)

    def _bot_sees(self, event: str, data: Json) -> bool:
        channel = self.world.channels.get(int(data.get("channel_id", 0)))
        if event == "INTERACTION_CREATE" or channel is None:
            return True
        return bool(channel.permissions(self.world.bot) & Permission.VIEW_CHANNEL)

    def send_members(self, session: Session, data: Json) -> None:
        """Operation 8: the members that a client asks for, in chunks of up to 1000."""
        guild = self.world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        members = list(guild.members.values())
        if data.get("user_ids"):
            asked = data["user_ids"] if isinstance(data["user_ids"], list) else [data["user_ids"]]
            members = [member for member in members if member.person.id in {int(one) for one in asked}]
        elif data.get("query"):
            prefix = str(data["query"]).lower()
            members = [member for member in members if member.person.name.lower().startswith(prefix)]
        members = members[: data.get("limit") or None]
        chunks = [members[start : start + 1000] for start in range(0, len(members), 1000)] or [[]]
        for index, chunk in enumerate(chunks):
            found: Json = {"guild_id": str(guild.id), "members": [member.payload() for member in chunk]}
            found |= {"chunk_index": index, "chunk_count": len(chunks)}
            found |= {"nonce": data["nonce"]} if data.get("nonce") else {}
            session.dispatch("GUILD_MEMBERS_CHUNK", found)
