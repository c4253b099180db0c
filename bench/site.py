"""A WordPress-shaped site that answers from memory: `python -m bench.site --posts 10000`.

Answers are not compressed and nothing is simulated: no latency, no rate limit.
"""

import argparse
import asyncio
import sys
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

from bench.posts import make_posts
from bench.rest import Answer, Site


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive for requests without a body: a sync client only reads."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers each complete request head."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            self._respond(head.decode("latin-1"))

    def _respond(self, head: str) -> None:
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        headers = head.lower()
        parts = urlsplit(target)
        query = {key: ",".join(values) for key, values in parse_qs(parts.query).items()}
        if parts.path == "/" and "rest_route" not in query:
            answer = self.site.front_page()
        else:
            authorized = "\r\nauthorization: basic " in headers
            answer = self.site.answer(unquote(parts.path), query, authorized=authorized)
        self.transport.write(_head(answer) + (answer.body if method != "HEAD" else b""))
        if "\r\nconnection: close" in headers:
            self.transport.close()


def _head(answer: Answer) -> bytes:
    kind = "text/html" if answer.body.startswith(b"<") else "application/json"
    lines = [
        f"HTTP/1.1 {answer.status}",
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {kind}; charset=UTF-8",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def serve(count: int, port: int) -> None:
    """Listens on 127.0.0.1, says the address on standard output, and serves until it is stopped."""
    loop = asyncio.get_running_loop()
    sites: list[Site] = []
    server = await loop.create_server(
        lambda: Connection(sites[0]), "127.0.0.1", port, start_serving=False
    )
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sites.append(Site(make_posts(count, url), url))
    await server.start_serving()
    sys.stdout.write(url + "\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Reads the options and serves."""
    parser = argparse.ArgumentParser(prog="python -m bench.site", description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.posts, options.port))


if __name__ == "__main__":
    main()
