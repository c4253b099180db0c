import signal
import subprocess
import sys

import requests


def test_the_module_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "sync_assets.demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        posts = requests.get(f"{url}/wp-json/wp/v2/posts", timeout=5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    assert len(posts.json()) == 10


def test_the_demo_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys, sync_assets.demo; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert not {"dagster", "sqlalchemy", "requests", "pydantic"} & set(loaded.stdout.split())
