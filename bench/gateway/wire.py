"""A small HTTP/1.1 client: what asks must cost less than what is asked, on the same two cores."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson

Json = dict[str, object]


@dataclass(slots=True)
class Wire:
    """One connection of one client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: str

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Json]:
        """One call; gives status and JSON."""
        await self._send(method, path, b"" if body is None else orjson.dumps(body), headers)
        status, length = await self._head()
        return status, orjson.loads(await self.reader.readexactly(length)) if length else {}

    async def stream(self, path: str) -> AsyncGenerator[str]:
        """The names of the events of a stream, as they come."""
        await self._send("GET", path, b"", {"Accept": "text/event-stream"})
        status, _ = await self._head()
        if status != 200:
            raise ConnectionError(f"{path} answered {status}.")
        while line := await self.reader.readline():
            if line.startswith(b"event: "):
                yield line[7:].decode().strip()

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        given = {
            "Host": "gateway",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        await self.writer.drain()

    async def _head(self) -> tuple[int, int]:
        """Status and length of the body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        return int(head[0].split()[1]), int(fields.get("content-length", 0))


@asynccontextmanager
async def connected(port: int, key: str) -> AsyncGenerator[Wire]:
    """A connection until the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer, key)
    finally:
        writer.close()
