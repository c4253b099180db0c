"""The files that pages load: one of styles, one of behaviour, an icon; named by their contents."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Response

from sync_assets.gateway.problems import not_there

FOLDER = Path(__file__).parent / "static"

_KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

router = APIRouter(include_in_schema=False)


@cache
def contents() -> Mapping[str, bytes]:
    """The files by name."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _KINDS}


def address(name: str) -> str:
    """Where a file is loaded from; another one as soon as its contents change."""
    return f"/static/{hashlib.sha256(contents()[name]).hexdigest()[:12]}/{name}"


@router.get("/static/{mark}/{name}")
async def file(mark: str, name: str) -> Response:
    """A file, for ever; what was replaced is asked for by nobody but old pages."""
    if name not in contents():
        raise not_there()
    kept = (
        "public, max-age=31536000, immutable" if address(name).split("/")[2] == mark else "no-store"
    )
    kind = _KINDS[Path(name).suffix]
    return Response(contents()[name], headers={"Cache-Control": kept}, media_type=kind)
