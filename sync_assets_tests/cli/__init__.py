"""Imports typer 0.25 first: it uses names that click 8.5 deprecates, which here is an error."""

import warnings
from importlib import import_module

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import_module("typer")
