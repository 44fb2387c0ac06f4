"""Ports that a child process can be told of before it listens, or between two of its lives."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """Find a free port of 127.0.0.1 that nobody else is given until the context ends.

    On Linux a port that a socket is bound to, with SO_REUSEADDR and without listening, can be
    listened on by any other with SO_REUSEADDR (asyncio and Node set it), while the kernel chooses
    it for nobody, for a server or for a connection (socket(7), net/ipv4/inet_connection_sock.c).
    Elsewhere two such sockets exclude each other: there the port is only free now, not held.
    """
    with socket.socket() as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        port: int = holding.getsockname()[1]
        if sys.platform != "linux":
            holding.close()
        yield port
