"""The same syncs without Dagster and without requests: tenant by tenant, in a few threads.

`python -m bench.control.plain` reads the tenants' ids from standard input.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

from sync_assets.bootstrap import Platform
from sync_assets.core.stop import StopSignal
from sync_assets.logs import configure_logging


def main() -> int:
    """Exit status 1 where a stream of a tenant was not synced."""
    parser = argparse.ArgumentParser(prog="python -m bench.control.plain", description=__doc__)
    parser.add_argument("--threads", type=int, default=4)
    threads = parser.parse_args().threads
    platform, stop = Platform(), StopSignal()
    configure_logging("ERROR")
    # Opened before there are threads, as a sweep does it.
    _ = platform.tenants, platform.syncs, platform.paces

    def sync(tenant: str) -> bool:
        outcomes = platform.run_tenant(platform.request(tenant), stop)
        return all(outcome.counts is not None for outcome in outcomes)

    with ThreadPoolExecutor(threads) as pool:
        well = all(list(pool.map(sync, sys.stdin.read().split())))
    platform.close()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
