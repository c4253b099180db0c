"""The contracts' own assertions are explained like those of tests."""

import pytest

for name in ("reading", "trouble"):
    pytest.register_assert_rewrite(f"sync_assets_tests.contracts.{name}_contract")
