"""Where a message of the plugin points to."""

from collections.abc import Mapping

import pytest

from sync_assets.core.hints import Hint
from sync_assets.sources.wordpress.hints import to_hint
from sync_assets.sources.wordpress.streams import SPEC

WITH_TYPES = {"post_types": "eventos"}
NO_SETTINGS: Mapping[str, str] = {}


def said(kind: object = "post", name: object = "post", key: object = 7) -> dict[str, object]:
    return {"kind": kind, "type": name, "id": key}


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (said(), Hint("posts", "post", 7)),
        (said(name="page"), Hint("pages", "page", 7)),
        (said(name="attachment"), Hint("media", "attachment", 7)),
        (said("term", "genero"), Hint("terms", "genero", 7)),
    ],
)
def test_each_kind_and_type_has_its_stream(message: dict[str, object], hint: Hint):
    assert to_hint(NO_SETTINGS, message) == hint
    assert hint.stream in {stream.name for stream in SPEC.streams}


def test_custom_types_are_for_tenants_that_name_some():
    assert to_hint(NO_SETTINGS, said(name="eventos")) is None
    assert to_hint(WITH_TYPES, said(name="eventos")) == Hint("posts", "eventos", 7)
    assert to_hint(WITH_TYPES, said(name="evento")) is not None  # `eventos` may be its REST base


def test_a_setting_that_cannot_be_is_for_the_sync_to_complain_of():
    assert to_hint({"post_types": "!"}, said(name="eventos")) is not None


@pytest.mark.parametrize(
    "message",
    [
        {},
        said(kind="user"),
        said(kind=["post"]),
        said(name=""),
        said(name=None),
        said(name="a\0b"),
        said(name="a\ud800b"),
        said(name="x" * 65),
        said(key=0),
        said(key=-1),
        said(key="7"),
        said(key=7.0),
        said(key=True),
        said(key=2**63),
    ],
)
def test_what_points_nowhere_is_none(message: dict[str, object]):
    assert to_hint(WITH_TYPES, message) is None
