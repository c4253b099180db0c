"""All that the pages answer."""

from sync_assets.gateway.pages import asking, files, signing, status, watching

ROUTERS = (signing.router, watching.router, asking.router, status.router, files.router)
