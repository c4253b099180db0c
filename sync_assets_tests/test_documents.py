"""What README and docs name exists: paths, verbs of make, commands with their options, settings."""

import re
from pathlib import Path
from typing import cast

import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command

from sync_assets.cli.commands import app
from sync_assets.settings import PROJECT, Settings

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(PROJECT.glob("docs/**/*.md"))]
FOR_DAGSTER = {"SYNC_ASSETS_DAGSTER_URL", "SYNC_ASSETS_COMPUTE_LOGS"}  # set, not read, by us
FOR_WORDPRESS = {f"SYNC_ASSETS_{name}" for name in ("URL", "TENANT", "SECRET")}  # in wp-config.php

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def code(page: Path) -> str:
    """Everything on a page that is set as code, the lines that go on joined."""
    text = page.read_text().replace("\\\n", " ").replace(r"\|", "|")
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


@pages
def test_every_link_leads_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pages
def test_every_path_of_the_project_exists(page: Path):
    roots = (PROJECT, PROJECT / "sync_assets", page.parent, PROJECT / "sync_assets_tests/contracts")
    names = re.findall(r"`([\w./-]+(?:/|\.py|\.yaml|\.toml|\.lock))`", page.read_text())
    ours = [name for name in names if not name.startswith((".sync_assets", "sources/shop"))]
    lost = [name for name in ours if not any((root / name).exists() for root in roots)]
    assert lost == []


@pages
def test_every_verb_of_make_exists(page: Path):
    verbs = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code(page)))
    assert named <= verbs


@pages
def test_every_command_and_option_exists(page: Path):
    root = cast("Group", get_command(app))
    for line in re.findall(r"sync-assets ([^`\n\")]+)", code(page)):
        words = line.split("#")[0].replace("[", " ").replace("]", " ").split()
        for first in words[0].split("|"):
            command = root.commands[first]
            rest = words[1:]
            if isinstance(command, Group) and rest:
                for name in rest[0].split("|"):
                    assert name in command.commands, line
                command = command.commands[rest[0].split("|")[0]]
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in rest if word.startswith("--")} <= known | {"--help"}, line


@pages
def test_every_setting_exists(page: Path):
    prefix = Settings.model_config.get("env_prefix")
    known = {f"{prefix}{name}".upper() for name in Settings.model_fields}
    known |= FOR_DAGSTER | FOR_WORDPRESS
    assert set(re.findall(r"SYNC_ASSETS_[A-Z_]+", page.read_text())) <= known


def test_the_table_of_settings_is_complete():
    text = (PROJECT / "docs/operating.md").read_text()
    names = [
        str(field.validation_alias or f"SYNC_ASSETS_{name.upper()}")
        for name, field in Settings.model_fields.items()
    ]
    assert [name for name in names if f"| `{name}` |" not in text] == []
