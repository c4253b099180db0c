"""A simulated shop in a process of its own: `python -m bench.shop.site --orders 20000`.

It has points without end, so that waiting for them is not what is measured. On standard output it
says in one line of JSON where it is, its token, and how many rows its orders are worth.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Mapping

import orjson

from sync_assets.demo.shop import ShopSite, Sizes

POINTS = 1_000_000.0  # a second


def rows(site: ShopSite) -> Mapping[str, int]:
    """Orders, lines, refunds and the lines of these."""
    found = dict.fromkeys(("orders", "lines", "refunds", "refund_lines"), 0)
    for order in site.shop.orders:
        found["orders"] += 1
        found["lines"] += len(order.lines)
        found["refunds"] += len(order.refunds)
        found["refund_lines"] += sum(len(refund.lines) for refund in order.refunds)
    return found


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.shop.site", description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--products", type=int, default=5_000)
    options = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sizes = Sizes(products=options.products, orders=options.orders)
    with ShopSite.start(sizes=sizes, rate=POINTS) as site:
        told = {"url": site.url, "token": site.token, "rows": rows(site)}
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
