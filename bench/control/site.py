"""Many small sites in one process, each under a path of its own: `python -m bench.control.site`.

Every answer comes after 20 ms. `GET /seen` tells when each tenant was asked first, and `GET
/forget` begins anew.
"""

import argparse
import asyncio
import json
import sys
import time
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

from bench.control.content import SmallSite
from bench.rest import Answer

LATENCY = 0.020  # seconds
_LISTINGS = ("categories", "tags", "media", "pages", "posts")


class Seen:
    """When each tenant's site was asked: by what request first, and for which page first."""

    def __init__(self) -> None:
        self.by_tenant: dict[str, dict[str, float]] = {}

    def asked(self, tenant: str) -> None:
        """Notes that a request has come."""
        seen = self.by_tenant.setdefault(tenant, {"requests": 0, "first": time.time()})
        seen["requests"] += 1

    def answered(self, tenant: str, path: str) -> None:
        """Notes that an answer is on its way."""
        if path.rstrip("/").endswith(_LISTINGS):
            self.by_tenant[tenant].setdefault("page", time.time())


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive for requests without a body."""

    def __init__(self, site: SmallSite, seen: Seen) -> None:
        self._site = site
        self._seen = seen
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers each complete request head."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            self._respond(head.decode("latin-1"))

    def _respond(self, head: str) -> None:
        target = urlsplit(head.split("\r\n", 1)[0].split(" ")[1])
        if target.path in {"/seen", "/forget"}:
            self._tell(forget=target.path == "/forget")
            return
        _, tenant, rest = unquote(target.path).split("/", 2)
        path = f"/{rest}"
        self._seen.asked(tenant)
        query = {key: ",".join(values) for key, values in parse_qs(target.query).items()}
        authorized = "\r\nauthorization: basic " in head.lower()
        answer = self._site.answer(path, query, authorized=authorized)
        loop = asyncio.get_running_loop()
        loop.call_later(LATENCY, self._send, answer, tenant, path)

    def _send(self, answer: Answer, tenant: str, path: str) -> None:
        self._seen.answered(tenant, path)
        self._write(answer)

    def _tell(self, *, forget: bool) -> None:
        self._write(Answer(json.dumps(self._seen.by_tenant).encode()))
        if forget:
            self._seen.by_tenant.clear()

    def _write(self, answer: Answer) -> None:
        lines = [
            f"HTTP/1.1 {answer.status}",
            f"Date: {formatdate(usegmt=True)}",
            "Content-Type: application/json; charset=UTF-8",
            f"Content-Length: {len(answer.body)}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body)


async def serve(port: int) -> None:
    """Listens on 127.0.0.1, says the address on standard output, and serves until stopped."""
    loop, seen, sites = asyncio.get_running_loop(), Seen(), list[SmallSite]()
    server = await loop.create_server(
        lambda: Connection(sites[0], seen), "127.0.0.1", port, start_serving=False, backlog=512
    )
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sites.append(SmallSite(url))
    await server.start_serving()
    sys.stdout.write(url + "\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Reads the options and serves."""
    parser = argparse.ArgumentParser(prog="python -m bench.control.site", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
