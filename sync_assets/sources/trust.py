"""Whose word is taken for the identity of a site behind TLS."""

import ssl
from functools import cache

import certifi
from urllib3.util.ssl_ import create_urllib3_context


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that Mozilla trusts; not this machine's, so that every machine agrees.

    Made once and shared: to read them takes 14 ms of CPU, which each connection would pay anew.
    """
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    return context
