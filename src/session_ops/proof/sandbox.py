"""A place where code of a target may run: a copy, an empty home and temporary files on a disk of fixed size, and nothing else to write to.

Bubblewrap gives the namespaces (no network, own processes, read-only system); the supervisor inside counts memory and processes and
ends everything at a limit. Where we are root the commands run as a user number that nobody has. Without bubblewrap nothing runs,
unless the user trusts the target; then the same supervisor works in a temporary folder, and only its limits on time, memory and
processes hold.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import pwd
import select
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Self

from session_ops.model import Ended, UsageError
from session_ops.proof import supervisor
from session_ops.proof.bubblewrap import (
    INSIDE,
    READABLE,
    SUPERVISOR,
    SYSTEM_INSIDE,
    USER,
    absent,
    accounts,
    command,
    no_hidden_memory,
)
from session_ops.proof.toolchains import toolchains
from session_ops.registry import CannotCheck

GRACE_S = 30.0
"""What the supervisor may take beyond a command's own time before it counts as lost."""


@dataclass(frozen=True)
class Limits:
    """What all commands together may take. `seconds` is for one command; memory and disk are in bytes."""

    seconds: float = 120.0
    memory: int = 3 << 30
    processes: int = 256
    disk: int = 2 << 30


@dataclass(frozen=True)
class Ran:
    """How a command went. `code` is its exit status (128 + n: ended by signal n), `left` the names of processes that it left running.

    `ended` names the limit that ended it; `listening` are the TCP ports on which somebody listened when it was ended; `peak` is memory in
    bytes; `gone` says that the folder it ran in is there no more.
    """

    code: int | None
    out: str
    err: str
    ended: Ended = ""
    seconds: float = 0.0
    left: tuple[str, ...] = ()
    listening: tuple[int, ...] = ()
    peak: int = 0
    gone: bool = False


@dataclass(frozen=True)
class Item:
    """A path below a folder of the sandbox: `kind` is f, d, l (link) or o; time of change in nanoseconds."""

    path: str
    kind: str
    executable: bool
    size: int
    changed_ns: int


@functools.cache
def refusal() -> str:
    """Why there is no sandbox on this machine; empty where there is one."""
    if reason := absent():
        return reason
    try:
        with Sandbox(Limits(seconds=10, disk=16 << 20)) as box:
            done = box.run(["true"])
    except (CannotCheck, UsageError) as error:
        return str(error)
    return "" if done.code == 0 else f"no sandbox: bubblewrap cannot start a command: {(done.err or done.ended)[:200]}"


class Sandbox:
    """A running sandbox; use it as a context manager. Leaving it ends every process and all its files.

    `readable` are files and folders of this machine that commands may read, each at a place inside (fetched wheels, for example).
    `folders` are places of the system (`/opt/x`) that lead to the same path below `system`, where somebody has to make them first.
    `trust` runs without bubblewrap where it is absent.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        readable: Mapping[str, str | Path] | None = None,
        trust: bool = False,
        folders: Sequence[str] = (),
    ) -> None:
        self.limits = limits or Limits()
        self.trust = trust
        self.confined = True
        self.folders = tuple(folders)
        self._readable = dict(readable or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._base = INSIDE
        self._said: IO[bytes]
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.callback(self._end)
            self._said = opened.enter_context(_aside())
            self._start(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def _end(self) -> None:
        """Close the pipes: the supervisor ends, and with it everything inside."""
        if (process := self._process) is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    # places, as commands see them

    @property
    def copy(self) -> PurePosixPath:
        """The folder of the target's copy, as commands see it."""
        return self._base / "copy"

    @property
    def home(self) -> PurePosixPath:
        """The empty home."""
        return self._base / "home"

    @property
    def tmp(self) -> PurePosixPath:
        """The folder for temporary files."""
        return self._base / "tmp"

    @property
    def system(self) -> PurePosixPath:
        """Where `folders` lead to."""
        return self._base / SYSTEM_INSIDE.name

    def place(self, name: str) -> str:
        """Where a readable folder stands for commands."""
        return str(self._base / name) if not self.confined else f"{READABLE}/{name}"

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a command."""
        return {
            "HOME": str(self.home), "TMPDIR": str(self.tmp), "PATH": ":".join(toolchains().path), "LANG": "C.UTF-8", "TZ": "UTC",
            "USER": USER, "LOGNAME": USER, "SHELL": "/bin/sh", "TERM": "dumb", "NO_COLOR": "1",
        }  # fmt: skip

    # what it does

    def run(
        self,
        argv: Sequence[str] | str,
        *,
        cwd: str | PurePosixPath = "",
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        keep: bool = False,
        serves: bool = False,
    ) -> Ran:
        """Run a command, a text by `sh -c`, without a terminal and with no input.

        Parameters: `cwd` is relative to the copy; `env` adds to the allow-list; with `keep` what it started in the background goes on
        (until the next command without it, `end`, or a limit); with `serves` it is ended, without an exit status, once it listens.

        Raises:
            CannotCheck: the sandbox itself broke down.
        """
        words = ["/bin/sh", "-c", argv] if isinstance(argv, str) else list(argv)
        request = {
            "do": "run", "argv": words, "cwd": str(self.copy / cwd), "env": self.env | dict(env or {}),
            "timeout": timeout_s or self.limits.seconds, "keep": keep, "serves": serves,
        }  # fmt: skip
        answer, _ = self._ask(request, b"", (timeout_s or self.limits.seconds) + GRACE_S)
        return Ran(
            answer["code"], answer["out"], answer["err"], answer["ended"], answer["seconds"], tuple(answer["left"]),
            tuple(answer["listening"]), answer["peak"], answer["gone"],
        )  # fmt: skip

    def end(self) -> tuple[str, ...]:
        """End what still runs in the background; gives its names."""
        return tuple(self._ask({"do": "end"}, b"")[0]["left"])

    def put(self, archive: bytes, folder: str | PurePosixPath = "") -> None:
        """Unpack a tar archive below a folder (relative to the copy).

        Raises:
            CannotCheck: it does not fit.
        """
        self._ask({"do": "put", "path": str(self.copy / folder)}, archive)

    def write(self, path: str | PurePosixPath, data: bytes, *, executable: bool = False) -> None:
        """Write a file (relative to the copy)."""
        self._ask({"do": "write", "path": str(self.copy / path), "mode": 0o755 if executable else 0o644}, data)

    def read(self, path: str | PurePosixPath, most: int = 64 << 20) -> bytes:
        """A file's content, at most `most` bytes of it; links are followed inside of the sandbox only.

        Raises:
            CannotCheck: it is absent, or no file.
        """
        return self._ask({"do": "read", "path": str(self.copy / path), "most": most}, b"")[1]

    def list(self, folder: str | PurePosixPath = "", most: int = 200_000) -> tuple[Item, ...]:
        """Every path below a folder, sorted; empty where it is absent."""
        return tuple(
            Item(*one) for one in json.loads(self._ask({"do": "list", "path": str(self.copy / folder), "most": most}, b"")[1])
        )

    # the supervisor

    def _start(self, opened: contextlib.ExitStack) -> None:
        limits = self.limits
        root = os.geteuid() == 0
        config: dict[str, Any] = {
            "base": str(INSIDE),
            "uid": 0,
            "memory": limits.memory,
            "processes": limits.processes,
            "disk": limits.disk,
        }
        fds: list[int] = []
        if self.trust and refusal():
            self.confined = False
            self.folders = ()
            scratch = _temporary()
            opened.callback(shutil.rmtree, scratch, ignore_errors=True)
            self._base = PurePosixPath(scratch)
            config["base"] = str(scratch)
            for name, path in self._readable.items():
                (scratch / name).symlink_to(path)
            argv = [toolchains().python, "-I", "-S", supervisor.__file__]
        else:
            if reason := absent():
                raise CannotCheck(reason)
            config["uid"] = _spare_uid() if root else 0
            contents = {name: text.encode() for name, text in accounts(config["uid"] or os.getuid()).items()}
            texts = {name: _filled(opened, data) for name, data in contents.items()}
            seccomp = _filled(opened, no_hidden_memory())
            fds = [*texts.values(), seccomp]
            argv = [
                *command(limits.disk, self._readable, texts, root=root, seccomp=seccomp, folders=self.folders),
                toolchains().python,
                "-I",
                "-S",
                SUPERVISOR,
            ]
        self._process = subprocess.Popen(
            [*argv, json.dumps(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env={"LC_ALL": "C.UTF-8"}, cwd="/",
            start_new_session=True, pass_fds=fds,
        )  # fmt: skip
        self._ask({"do": "end"}, b"")

    def _ask(self, request: dict[str, Any], payload: bytes, seconds: float = GRACE_S) -> tuple[dict[str, Any], bytes]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise CannotCheck("the sandbox is not running")
        text = json.dumps(request).encode("utf-8", "surrogateescape")
        last = time.monotonic() + seconds
        try:
            process.stdin.write(supervisor.FRAME.pack(len(text), len(payload)) + text)
            process.stdin.write(payload)
            process.stdin.flush()
            head, body = supervisor.FRAME.unpack(self._take(supervisor.FRAME.size, last))
            answer: dict[str, Any] = json.loads(self._take(head, last))
            data = self._take(body, last)
        except (OSError, EOFError, TimeoutError) as error:
            with contextlib.suppress(OSError):
                process.kill()
            self._said.seek(0)
            said = self._said.read().decode("utf-8", "replace").strip().splitlines()
            why = said[-1] if said else "it did not answer" if isinstance(error, TimeoutError) else "it ended"
            raise CannotCheck(f"no sandbox: {why[:300]}") from None
        if "error" in answer:
            raise CannotCheck(f"{request.get('path', 'sandbox')}: {answer['error']}".replace(str(self._base), ""))
        return answer, data

    def _take(self, count: int, last: float) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        fd = self._process.stdout.fileno()
        data = bytearray()
        while len(data) < count:
            if not select.select([fd], [], [], max(last - time.monotonic(), 0))[0]:
                raise TimeoutError
            piece = os.read(fd, min(count - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


def _aside() -> IO[bytes]:
    """A file without a name: nothing of it is left, whatever ends us."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise UsageError(f"the temporary folder cannot be written ({error.strerror}); set TMPDIR to one that can") from None


def _filled(opened: contextlib.ExitStack, data: bytes) -> int:
    """The number of an open file with this content."""
    file = opened.enter_context(_aside())
    file.write(data)
    file.seek(0)
    return file.fileno()


def _temporary() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="session-ops-box-")).resolve()
    except OSError as error:
        raise UsageError(f"the temporary folder cannot be written ({error.strerror}); set TMPDIR to one that can") from None


def _spare_uid() -> int:
    """A user number that nobody has and that two sandboxes do not share, small enough for a container's range of users."""
    for number in range(30_000 + os.getpid() % 30_000, 61_000):
        try:
            pwd.getpwuid(number)
        except KeyError:
            return number
    return 65_534


def archive(files: Mapping[str, tuple[bytes, bool]], links: Mapping[str, str] | None = None) -> bytes:
    """A tar archive of files (content, x bit) and symbolic links (target), for `Sandbox.put`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, (data, executable) in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o755 if executable else 0o644
            info.mtime = MTIME
            tar.addfile(info, io.BytesIO(data))
        for path, target in (links or {}).items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname, info.mtime = tarfile.SYMTYPE, target, MTIME
            tar.addfile(info)
    return buffer.getvalue()


MTIME = 1_600_000_000
"""Time of change of every file of a copy: 2020, because ZIP archives know no year before 1980."""
