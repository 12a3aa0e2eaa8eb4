"""Resolves names under .localhost to loopback (RFC 6761) if the system's resolver does not.

Python loads this module automatically if its directory is in PYTHONPATH. It changes only name resolution; the
SDKs are unmodified.
"""

import socket

_resolve = socket.getaddrinfo


def _with_localhost(host, *arguments, **options):
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *arguments, **options)


socket.getaddrinfo = _with_localhost
