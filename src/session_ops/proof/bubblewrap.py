"""The command line that makes a sandbox: what is shown read-only, what is empty, and what is cut off.

As root no user namespace is made: in one, root could not become another user, and nobody else could enter a toolchain in root's home.
Source: bwrap(1).
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from session_ops.proof import supervisor
from session_ops.proof.toolchains import ETC, SYSTEM, TOOLS, toolchains

INSIDE = PurePosixPath("/box")
"""Where copy, home and tmp stand inside of a sandbox: a tmpfs of fixed size, the only place to write to."""
SYSTEM_INSIDE = INSIDE / "system"
READABLE = "/opt/readable"
USER = "session"
SUPERVISOR = f"{TOOLS}/supervisor.py"
SHARED = 64 << 20
"""Bytes of /dev/shm."""


def absent() -> str:
    """Why bubblewrap cannot even be tried here; empty where it can."""
    if sys.platform != "linux":
        return "no sandbox: bubblewrap needs Linux"
    return "" if shutil.which("bwrap") else "no sandbox: bubblewrap (bwrap) is not installed"


def accounts(uid: int) -> dict[str, str]:
    """Files below /etc that tell of users and hosts: one user, one host."""
    return {
        "passwd": f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{uid}:{uid}:{USER}:{INSIDE}/home:/bin/sh\n",
        "group": f"root:x:0:\n{USER}:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


MEMFD = {0xC000003E: (319, 447), 0xC00000B7: (279, 447)}
"""Architecture (x86-64, AArch64) to its numbers of memfd_create and memfd_secret. Source: linux/audit.h, asm/unistd.h."""


def no_hidden_memory() -> bytes:
    """A seccomp filter that answers "no such call" to files in memory: no limit on disk, and no process, would count them.

    Source: seccomp(2), classic BPF: load, jump if equal, return.
    """
    load, equal, answer = 0x20, 0x15, 0x06
    allow, absent_call = 0x7FFF0000, 0x00050000 | 38
    words: list[tuple[int, int, int, int]] = []
    for arch, calls in MEMFD.items():
        numbers = [number | x32 for number in calls for x32 in ((0, 0x40000000) if arch == 0xC000003E else (0,))]
        words += [(load, 0, 0, 4), (equal, 0, len(numbers) + 3, arch), (load, 0, 0, 0)]
        words += [(equal, len(numbers) - n, 0, number) for n, number in enumerate(numbers)]
        words += [(answer, 0, 0, allow), (answer, 0, 0, absent_call)]
    words.append((answer, 0, 0, allow))
    return b"".join(struct.pack("=HBBI", *word) for word in words)


def command(
    disk: int,
    readable: Mapping[str, str | Path],
    texts: Mapping[str, int],
    *,
    root: bool,
    seccomp: int,
    folders: Sequence[str] = (),
) -> list[str]:
    """The words of `bwrap` up to the command that it shall start.

    Parameters: `disk` is in bytes; `readable` are files and folders of this machine by their name below READABLE; `texts` are open files
    with the content of files below /etc, and `seccomp` is one with a filter; `folders` are places outside of INSIDE that lead into its
    SYSTEM_INSIDE.
    """
    tools = toolchains()
    argv = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    argv += [] if root else ["--unshare-user", "--disable-userns"]
    argv += ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv", "--cap-drop", "ALL"]
    # the supervisor's alone: to become another user, to end and to measure its processes
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SYS_PTRACE") if root else ():
        argv += ["--cap-add", capability]
    # bubblewrap makes parents of what it binds for their owner alone
    above = {str(parent) for folder in tools.folders for parent in Path(folder).parents if str(parent) != "/"}
    for folder in sorted({"/etc", "/etc/ssl", "/opt", READABLE, TOOLS, "/run", "/var", *above}):
        argv += ["--perms", "0755", "--dir", folder]
    for one in SYSTEM:
        path = Path(one)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), one]
        elif path.is_dir():
            argv += ["--ro-bind", one, one]
    for name in ETC:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name, fd in texts.items():
        argv += ["--perms", "0644", "--ro-bind-data", str(fd), f"/etc/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    argv += ["--perms", "1777", "--size", str(min(SHARED, disk)), "--tmpfs", "/dev/shm"]  # noqa: S108 - inside of the sandbox
    argv += ["--perms", "1777", "--size", str(disk), "--tmpfs", str(INSIDE)]
    for link in ("/tmp", "/var/tmp"):  # noqa: S108 - inside of the sandbox
        argv += ["--symlink", str(INSIDE / "tmp"), link]
    for folder in folders:
        for parent in reversed(PurePosixPath(folder).parents[:-1]):
            argv += ["--perms", "0755", "--dir", str(parent)]
        argv += ["--symlink", f"{SYSTEM_INSIDE}{folder}", folder]
    for folder in tools.folders:
        argv += ["--ro-bind", folder, folder]
    for source, inside in (*tools.files, (supervisor.__file__, SUPERVISOR)):
        argv += ["--ro-bind", source, inside]
    for name, shown in readable.items():
        argv += ["--ro-bind", str(shown), f"{READABLE}/{name}"]
    return [*argv, "--seccomp", str(seccomp), "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
