"""Ports that are held for a child process."""

import socket
import struct
import sys
from collections.abc import Callable

import pytest

from local.held_ports import held_port

# Linux 6.3, include/uapi/linux/in.h: the range out of which the kernel chooses for one socket.
IP_LOCAL_PORT_RANGE = 51


def only(port: int) -> socket.socket:
    """Give a socket for which the kernel can choose this one port alone."""
    narrowed, both_ends = socket.socket(), struct.pack("I", port << 16 | port)
    try:
        narrowed.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, both_ends)
    except OSError:
        narrowed.close()
        # A choice among all its 28,000 ports would prove nothing.
        pytest.skip("this kernel, older than 6.3, cannot be made to choose one port")
    return narrowed


def chosen_for_a_server(port: int) -> int:
    """Give the port that the kernel chooses for a server, out of one."""
    with only(port) as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def chosen_for_a_connection(port: int) -> int:
    """Give the port that the kernel chooses for a connection, out of one."""
    with socket.create_server(("127.0.0.1", 0)) as server, only(port) as client:
        client.connect(server.getsockname())
        return int(client.getsockname()[1])


IN_USE = "Address already in use|Cannot assign requested address"


# Elsewhere a port is found and not held (local/held_ports.py), so there is nothing to try.
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can hold a port")
@pytest.mark.parametrize("choose", [chosen_for_a_server, chosen_for_a_connection])
def test_a_held_port_is_given_to_nobody_else(choose: Callable[[int], int]) -> None:
    """Not to a server and not to a connection; it is again when it is let go."""
    with held_port() as port, pytest.raises(OSError, match=IN_USE):
        choose(port)
    assert choose(port) == port


def test_it_can_be_listened_on_again_and_again() -> None:
    """By whoever was told of it, as often as it comes back."""
    with held_port() as port:
        for _ in range(2):
            where = ("127.0.0.1", port)
            with socket.create_server(where), socket.create_connection(where) as client:
                assert client.getpeername() == where
