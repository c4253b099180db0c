"""What every endpoint can ask for: the platform behind the app."""

from typing import Annotated

from fastapi import Depends, Request

from sync_assets.bootstrap import Platform


async def platform_of(request: Request) -> Platform:
    """The platform that the app was made for."""
    platform: Platform = request.app.state.platform
    return platform


ThePlatform = Annotated[Platform, Depends(platform_of)]
