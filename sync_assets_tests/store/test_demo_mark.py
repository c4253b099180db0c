"""The one private address that needs no leave is the demo's, to the letter."""

from pathlib import Path

import pytest

from sync_assets.core.tenants import Tenant
from sync_assets.store.demo_mark import is_demo, mark_demo

HERE = "http://127.0.0.1:8081"


def tenant(tenant_id: str = "demo", url: str = HERE) -> Tenant:
    return Tenant(tenant_id, "wordpress", "demo", url)


def test_the_demo_is_let_through_where_it_was_started(tmp_path: Path) -> None:
    assert not is_demo(tmp_path, tenant())
    mark_demo(tmp_path, HERE)
    assert is_demo(tmp_path, tenant())


@pytest.mark.parametrize(
    "other",
    [
        tenant("acme"),
        tenant(url="http://127.0.0.1:8082"),
        tenant(url="http://localhost:8081"),
        tenant(url=f"{HERE}/other"),
    ],
)
def test_nothing_else_is_let_through(tmp_path: Path, other: Tenant) -> None:
    mark_demo(tmp_path, HERE)
    assert not is_demo(tmp_path, other)


def test_each_demo_has_its_own_address(tmp_path: Path) -> None:
    mark_demo(tmp_path, HERE, "demo-shop")
    assert is_demo(tmp_path, tenant("demo-shop"))
    assert not is_demo(tmp_path, tenant("demo"))


def test_a_mark_that_names_another_machine_counts_for_nothing(tmp_path: Path) -> None:
    mark_demo(tmp_path, "http://10.0.0.1")
    assert not is_demo(tmp_path, tenant(url="http://10.0.0.1"))


def test_a_mark_that_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("nonsense")
    assert not is_demo(tmp_path, tenant())
