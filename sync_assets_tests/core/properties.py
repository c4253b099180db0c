"""How hypothesis searches: modestly, and the same examples every time."""

from hypothesis import settings

modestly = settings(derandomize=True, max_examples=30, deadline=None, database=None)
