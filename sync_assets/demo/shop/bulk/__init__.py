"""Bulk operations: queries that run in the background and leave a file."""
