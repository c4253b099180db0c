"""`python -m sync_assets.demo.shop --port 8082`: serves a shop until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType

from sync_assets.demo.shop.api.schema_file import SchemaUnavailable
from sync_assets.demo.shop.budget import PLANS
from sync_assets.demo.shop.data.sizes import Sizes
from sync_assets.demo.shop.site import ShopSite
from sync_assets.demo.times import utc_now

_TYPICAL = Sizes()


def main() -> None:
    """Starts, says where, and waits for a signal."""
    arguments = _parser().parse_args()
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    rate = PLANS[arguments.plan]
    try:
        with ShopSite.start(
            arguments.port,
            host=arguments.host,
            sizes=_sizes(arguments),
            rate=rate,
            cache=arguments.cache,
        ) as site:
            _say(site)
            stop.wait()
    except SchemaUnavailable as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sync_assets.demo.shop", description=__doc__)
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--products", type=int, default=_TYPICAL.products)
    parser.add_argument("--orders", type=int, default=_TYPICAL.orders)
    parser.add_argument("--market", choices=("br", "us"), default="br")
    parser.add_argument("--plan", choices=tuple(PLANS), default="standard")
    parser.add_argument("--cache", type=Path, help="where the published schema is kept")
    return parser


def _sizes(arguments: argparse.Namespace) -> Sizes:
    """A shop whose last orders are of the last hour."""
    until = utc_now().replace(microsecond=0) - timedelta(hours=1)
    return Sizes(
        products=arguments.products,
        orders=arguments.orders,
        market=arguments.market,
        since=until - timedelta(days=900),
        until=until,
    )


def _say(site: ShopSite) -> None:
    sys.stdout.write(
        f"{site.shop.market.name}: {site.url}\n"
        f"  token {site.token}\n"
        f"  client {site.app.client_id} {site.app.client_secret}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
