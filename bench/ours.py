"""This program as a process without Dagster: one tenant's posts, into migrated tables."""

import argparse

from bench import contender

TENANT = "bench"


def prepare(chosen: argparse.Namespace) -> None:
    """Migrates the database and adds the tenant: done once per installation, so not measured."""
    raise NotImplementedError


def load(chosen: argparse.Namespace) -> None:
    """Syncs the posts stream of the tenant whose site is at `chosen.site`."""
    raise NotImplementedError


def main() -> None:
    """One run, or with `--prepare` what comes before the first."""
    chosen = contender.options("This program's sync of one stream.")
    if chosen.prepare:
        prepare(chosen)
        return
    load(chosen)
    contender.report(chosen)


if __name__ == "__main__":
    main()
