"""Lets names under .localhost resolve to loopback (RFC 6761) where the system's resolver does not.

Python loads this by itself when the folder is in PYTHONPATH. It changes name resolution alone; the
SDKs run as they are.
"""

import socket

_resolve = socket.getaddrinfo


def _with_localhost(host, *arguments, **options):
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *arguments, **options)


socket.getaddrinfo = _with_localhost
