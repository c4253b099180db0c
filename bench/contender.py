"""What all contenders' processes share: the options, the listing they read, the closing report."""

import argparse
import json
import re
import time
from pathlib import Path

USER, PASSWORD = "bench", "any password"  # the site believes every pair
PER_PAGE = 100
FIELDS = (
    "id,date_gmt,modified_gmt,slug,status,type,link,title.raw,content.raw,excerpt.raw,"
    "content.protected,author,featured_media,sticky,template,categories,tags,acf"
)
# The cheapest full listing that WordPress offers, for all who list everything.
LISTING = {
    "per_page": str(PER_PAGE),
    "orderby": "id",
    "order": "asc",
    "context": "edit",
    "_fields": FIELDS,
}


def options(description: str) -> argparse.Namespace:
    """`--site`, `--database-url`, `--home` (an own folder), `--report`, `--prepare`, `--token`.

    Call it first of all: what the process has spent by then is its start-up.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--site", required=True)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--token", help="for a site that asks for one")
    parser.add_argument("--prepare", action="store_true")
    parser.set_defaults(start_up=time.process_time())
    return parser.parse_args()


def posts_url(site: str) -> str:
    """Where the posts are listed."""
    return f"{site}/wp-json/wp/v2/posts"


def report(chosen: argparse.Namespace) -> None:
    """Writes this process's peak resident memory and its CPU before and behind the work.

    Call it last of all: what the process spends from then on is Python's, letting go of modules.
    VmHWM starts anew at exec; `ru_maxrss` would carry over the memory of whoever started us.
    """
    if chosen.report:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024
        told = {"peak": peak, "start_up": chosen.start_up, "done_at": time.process_time()}
        chosen.report.write_text(json.dumps(told))
