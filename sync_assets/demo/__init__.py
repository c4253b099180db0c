"""A bundled, WordPress-shaped demo site."""
