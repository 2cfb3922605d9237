"""What a rendering process gives up before it reads its first byte from outside, and what of it truly holds.

Four locks, each for itself, as far as the kernel has it (Linux; elsewhere only the limits of `rendering_worker` hold):

- namespaces: no network at all, nobody else's shared memory (`unshare(2)`);
- Landlock: reads the product's code, Python and the system's libraries, and no other file; writes none
  (`landlock(7)`, Linux 5.13);
- seccomp: no program is started, no process made, no new socket, nobody's memory read (`seccomp(2)`);
- no privilege is ever won again (`PR_SET_NO_NEW_PRIVS`).

`enter` answers what was proven by trying, not what was asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
READABLE = (sys.prefix, sys.base_prefix, str(ROOT / "app"), str(ROOT / "components"), "/usr", "/lib", "/lib64",
            "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")  # fmt: skip

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # prctl(2)
NEW_USER, NEW_NET, NEW_IPC = 0x10000000, 0x40000000, 0x08000000  # unshare(2)
THREAD = 0x00010000  # CLONE_THREAD

# landlock(7): system calls are the same on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
# Rights known to each version of Landlock (their number of bits): what is handled and not granted is refused.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
NETWORK_RIGHTS = 0b11  # bind and connect of TCP, from version 4 on
SCOPES = 0b11  # abstract Unix sockets and signals to others, from version 6 on

# System calls a process that draws pages has no use for (their numbers: asm/unistd.h).
ARCHITECTURES = {
    "x86_64": (0xC000003E, 56, {
        "socket": 41, "connect": 42, "bind": 49, "listen": 50, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165, "unshare": 272, "setns": 308,
        "bpf": 321, "keyctl": 250, "add_key": 248, "request_key": 249, "perf_event_open": 298, "userfaultfd": 323,
        "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438, "open_by_handle_at": 304, "kexec_load": 246,
        "init_module": 175, "finit_module": 313, "clone3": 435,
    }),
    "aarch64": (0xC00000B7, 220, {
        "socket": 198, "connect": 203, "bind": 200, "listen": 201, "execve": 221, "execveat": 281, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40, "unshare": 97, "setns": 268, "bpf": 280,
        "keyctl": 219, "add_key": 217, "request_key": 218, "perf_event_open": 241, "userfaultfd": 282,
        "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438, "open_by_handle_at": 265, "kexec_load": 104,
        "init_module": 105, "finit_module": 273, "clone3": 435,
    }),
}  # fmt: skip
# Classic BPF (linux/filter.h): load a word, jump if equal, jump if a bit is set, answer.
LOAD, EQUAL, SET, ANSWER = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data

_libc = ctypes.CDLL(None, use_errno=True)


def enter() -> dict[str, bool]:
    """Lock this process in, as far as the kernel lets it; answers which locks were seen to hold.

    To be called in a process with a single thread, before anything from outside is read.
    """
    if not sys.platform.startswith("linux"):
        return dict.fromkeys(("network", "files", "processes", "privileges"), False)
    for lock in (_leave_namespaces, _renounce_privileges, _restrict_files, _restrict_calls):
        with contextlib.suppress(OSError):  # `prove` says what holds
            lock()
    return prove()


def prove() -> dict[str, bool]:
    """Try what must not succeed. `network`: nothing outside is reached; `files`: others are neither read nor written;
    `processes`: no program is started; `privileges`: none is won again."""
    return {
        "network": _no_network(),
        "files": _fails(lambda: os.listdir("/")) and _fails(_write_somewhere),
        "processes": _fails(_start_process),
        "privileges": _libc.prctl(NO_NEW_PRIVILEGES + 1, 0, 0, 0, 0) == 1,
    }


def _leave_namespaces() -> None:
    """Own namespaces: by a user namespace of its own, or by the right itself where that is forbidden."""
    with contextlib.suppress(OSError):
        _call(_libc.unshare, NEW_USER | NEW_NET | NEW_IPC)
        return
    _call(_libc.unshare, NEW_NET | NEW_IPC)


def _renounce_privileges() -> None:
    _call(_libc.prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _restrict_files() -> None:
    version = _call(_libc.syscall, CREATE_RULESET, None, 0, VERSION)
    handled = (1 << FILE_RIGHTS[min(version, max(FILE_RIGHTS))]) - 1
    attributes = struct.pack("=Q", handled)
    if version >= 4:
        attributes += struct.pack("=Q", NETWORK_RIGHTS)
    if version >= 6:
        attributes += struct.pack("=Q", SCOPES)
    rules = _call(_libc.syscall, CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in dict.fromkeys(os.path.realpath(path) for path in READABLE):
            _allow_reading(rules, path)
        _call(_libc.syscall, RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow_reading(rules: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this machine
        return
    try:
        rights = READ_FILE | READ_DIR if os.path.isdir(path) else READ_FILE
        _call(_libc.syscall, ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _restrict_calls() -> None:
    known = ARCHITECTURES.get(platform.machine())
    if known is None:
        return
    architecture, clone, refused = known
    program = [(LOAD, 0, 0, ARCHITECTURE_AT), (EQUAL, 1, 0, architecture), (ANSWER, 0, 0, KILL)]
    program.append((LOAD, 0, 0, NUMBER_AT))
    for name, number in refused.items():
        # To `clone3` as if the kernel did not have it: the C library then falls back to `clone`, whose flags show.
        code = errno.ENOSYS if name == "clone3" else errno.EPERM
        program += [(EQUAL, 0, 1, number), (ANSWER, 0, 0, REFUSE | code)]
    program += [
        (EQUAL, 0, 3, clone),  # a thread may be made, a process may not
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        (SET, 1, 0, THREAD),
        (ANSWER, 0, 0, REFUSE | errno.EPERM),
        (ANSWER, 0, 0, ALLOW),
    ]
    if platform.machine() == "x86_64":
        # The same calls by their « x32 » numbers, which start at bit 30.
        program[4:4] = [(SET, 0, 1, 0x40000000), (ANSWER, 0, 0, REFUSE | errno.EPERM)]
    _install(program)


def _install(program: Sequence[tuple[int, int, int, int]]) -> None:
    source = b"".join(struct.pack("=HBBI", *step) for step in program)
    steps = ctypes.create_string_buffer(source, len(source))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    whole = Program(len(program), ctypes.addressof(steps))
    _call(_libc.prctl, SECCOMP, FILTER, ctypes.byref(whole), 0, 0)


def _call(function: Callable[..., int], *arguments: object) -> int:
    answer = function(*arguments)
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def _fails(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


def _no_network() -> bool:
    """A datagram to a documentation address (RFC 5737) is never sent: connecting only asks for a route."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect(("192.0.2.1", 9))
    except OSError:
        return True
    return False


def _write_somewhere() -> None:
    with tempfile.TemporaryFile(dir="/tmp"):
        pass


def _start_process() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
