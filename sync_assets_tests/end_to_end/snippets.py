"""The snippets of a page, run as they stand by an interpreter that keeps what they define."""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from threading import Timer

PATIENCE = 120.0
"""Seconds after which a snippet that has not ended takes its interpreter with it."""

# Each reads the name of a file, runs it, and says behind a NUL with which status it ended.
_SHELL = r"""while read -r file; do . "$file" < /dev/null; printf '\n\0%d\n' $?; done"""
_PYTHON = r"""
import sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    status = 0
    try:
        with open(line.rstrip()) as file:
            exec(compile(file.read(), file.name, "exec"), names)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        status = 1
    print(f"\n\0{status}", flush=True)
"""

_PARTS = re.compile(
    r"^## (?P<heading>[^\n]+)$|^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)

Snippets = Mapping[str, Mapping[str, str]]
"""Heading to language to snippet."""


def snippets_of(page: Path) -> Snippets:
    """The snippets of a page; fails where a heading has two in one language."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    heading = ""
    for part in _PARTS.finditer(page.read_text()):
        heading = part["heading"] or heading
        if part["language"]:
            assert part["language"] not in found[heading], heading
            found[heading][part["language"]] = part["code"]
    return found


@dataclass(frozen=True, slots=True)
class Session:
    """An interpreter at work on the snippets of one language."""

    language: str
    snippets: Snippets
    process: "subprocess.Popen[str]"
    folder: Path

    def snippet(self, heading: str) -> str:
        """What stands under a heading."""
        return self.snippets[heading][self.language]

    def run(self, heading: str) -> str:
        """Run what stands under a heading, which must go well; gives what it printed."""
        printed, status = self.execute(self.snippet(heading))
        assert status == 0, printed
        return printed

    def call(self, function: str, *arguments: str) -> str:
        """Call a function that the page defines; gives what it printed or, in Python, gave."""
        shell = f"{function} {' '.join(arguments)}"
        return self.execute(shell if self.language == "sh" else f"print({function}{arguments})")[0]

    def execute(self, code: str) -> tuple[str, int]:
        """Run some code; gives what it printed, errors included, and its status."""
        assert self.process.stdin is not None
        file = self.folder / f"snippet.{self.language}"
        file.write_text(code)
        self.process.stdin.write(f"{file}\n")
        self.process.stdin.flush()
        return self._ended()

    def _ended(self) -> tuple[str, int]:
        assert self.process.stdout is not None
        timer = Timer(PATIENCE, self.process.kill)
        timer.start()
        printed = ""
        try:
            for line in self.process.stdout:
                if line.startswith("\0"):
                    return printed, int(line[1:])
                printed += line
        finally:
            timer.cancel()
        raise AssertionError(f"The interpreter was killed or ended by itself:\n{printed}")


@contextmanager
def session(
    language: str, snippets: Snippets, variables: Mapping[str, str], folder: Path
) -> Generator[Session]:
    """An interpreter for `sh` or `python`, with these variables as its whole environment."""
    if language == "sh":
        missing = [name for name in ("bash", "curl") if not which(name, path=variables["PATH"])]
        assert not missing, f"The shell's snippets need {' and '.join(missing)}: please install."
    command = ["bash", "-c", _SHELL] if language == "sh" else [sys.executable, "-c", _PYTHON]
    with subprocess.Popen(  # noqa: S603 - the project's own page
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=variables,
        cwd=folder,
        text=True,
    ) as process:
        try:
            yield Session(language, snippets, process, folder)
        finally:
            process.kill()
