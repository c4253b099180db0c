"""The rules need nothing but the standard library."""

import subprocess
import sys
from pathlib import Path

import sync_assets.core

SCRIPT = """
import sys
before = {name.partition(".")[0] for name in sys.modules}
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
after = {name.partition(".")[0] for name in sys.modules}
print(*sorted(after - before - {"sync_assets", "sync_assets_tests"} - sys.stdlib_module_names))
"""


def loads(*modules: str) -> list[str]:
    """The packages from outside that importing the modules brings along."""
    command = [sys.executable, "-c", SCRIPT, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.split()


def test_the_core_and_its_fakes_import_the_standard_library_only():
    folder = Path(sync_assets.core.__path__[0])
    core = [f"sync_assets.core.{path.stem}" for path in sorted(folder.glob("*.py"))]
    fakes = [
        f"sync_assets_tests.core.{name}" for name in ("fake_source", "memory_store", "running")
    ]
    assert len(core) > 10
    assert loads(*core, *fakes) == []


def test_the_proof_of_purity_notices_a_package():
    assert loads("iniconfig") == ["iniconfig"]
