"""Who is at the other end of a socket of this machine."""

from __future__ import annotations

import os
import socket
import struct

_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


def is_ours(line: socket.socket) -> bool:
    """Whether a program of our own user holds the other end of a connected Unix socket, as the kernel knows it."""
    try:
        known = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except OSError:
        return False
    _pid, uid, _gid = _UCRED.unpack(known)
    return bool(uid == os.getuid())
