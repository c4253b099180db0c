"""The rules of a sync: standard library only, no I/O."""
