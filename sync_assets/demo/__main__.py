"""`python -m sync_assets.demo --port 8081`: serves the demo site until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
import threading
from types import FrameType

from sync_assets.demo.server import DemoSite


def main() -> None:
    """Starts, says where, and waits for a signal."""
    parser = argparse.ArgumentParser(prog="sync_assets.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    with DemoSite.start(arguments.port, host=arguments.host) as demo:
        sys.stdout.write(f"{demo.site.name}: {demo.url} ({demo.username} / {demo.password})\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
