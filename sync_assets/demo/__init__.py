"""A bundled, WordPress-shaped demo site, which the tests use as their WordPress too."""

from sync_assets.demo.server import DemoSite

__all__ = ["DemoSite"]
