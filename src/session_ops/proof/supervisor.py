"""The first process inside the sandbox: it starts commands, watches them, and ends all of them when one limit is met.

It is run as a file by a bare interpreter (standard library only, nothing of session_ops can be imported there) and answers requests on
its standard input: a JSON header and a payload, each with its length in front. Inside a sandbox it is process 1 of a process namespace:
when it ends, or the program that asked dies and the pipe closes, the kernel ends everything that it started. Commands run under
another user (where we are root) or without being able to trace it (where we are not), so they cannot stop their own supervisor.
"""

# pathlib stays out: each import counts at every start
# ruff: noqa: PTH101, PTH103, PTH116, PTH118, PTH120, PTH123, PTH208, S202, S606
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
import time

TICK_S = 0.02
"""Seconds between two looks at the processes."""
LOOK_S = 0.5
"""Seconds between two looks at what listens; a server has to be seen twice."""
KEPT = 400_000
"""Bytes of each output stream that are kept: half from its beginning, half from its end."""
FRAME = struct.Struct(">IQ")
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
FULL_AT = 65_536
"""Free bytes at which the disk counts as full."""


class Stream:
    """What a command wrote to one of its streams: the beginning and the end of it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.head = bytearray()
        self.rest = bytearray()
        self.dropped = 0

    def read(self) -> bool:
        """Take what is there; False at the end."""
        try:
            data = os.read(self.fd, 65_536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        room = KEPT // 2 - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.rest += data
        if (extra := len(self.rest) - KEPT // 2) > 0:
            del self.rest[:extra]
            self.dropped += extra
        return True

    def text(self) -> str:
        """What was kept, as text."""
        middle = f"\n... {self.dropped} bytes left out ...\n".encode() if self.dropped else b""
        return (bytes(self.head) + middle + bytes(self.rest)).decode("utf-8", "replace")


class Supervisor:
    """Serves requests until its input ends. `base` is the folder that holds copy, home and tmp; `uid` 0 keeps the user as it is."""

    def __init__(self, config: dict) -> None:  # type: ignore[type-arg]
        self.base: str = config["base"]
        self.uid: int = config["uid"]
        self.memory: int = config["memory"]
        self.processes: int = config["processes"]
        self.disk: int = config["disk"]
        self.alone = os.getpid() == 1
        self.inp, self.out = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        self.stale: list[Stream] = []
        self.full = False
        self.waited: dict[int, int] = {}
        self.peak = 0

    # requests

    def serve(self) -> None:
        """Answer until the asking program closes the pipe."""
        self._as_user(self._folders)
        while True:
            while not select.select([self.inp], [], [], TICK_S * 5)[0]:
                self._drain(self.stale)
                self._reap()
                if self._over():
                    self._end_all()
            raw = self._exactly(FRAME.size)
            if raw is None:
                return
            head, body = FRAME.unpack(raw)
            request = json.loads(self._exactly(head) or b"{}")
            payload = self._exactly(body) or b""
            try:
                answer, data = getattr(self, "do_" + request["do"])(request, payload)
            except OSError as error:
                answer, data = {"error": f"{error.strerror}: {error.filename or ''}".rstrip(": ")}, b""
            text = json.dumps(answer).encode()
            self._write(FRAME.pack(len(text), len(data)) + text + data)

    def do_run(self, request: dict, _payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """Run one command to its end or to a limit. What it leaves running is ended too, unless `keep` is set."""
        outs, errs = os.pipe(), os.pipe()
        began = time.monotonic()
        self.full = False
        self.peak = 0
        pid = os.fork()
        if pid == 0:
            self._child(request, outs[1], errs[1])
        os.close(outs[1])
        os.close(errs[1])
        streams = [Stream(outs[0]), Stream(errs[0])]
        for stream in streams:
            os.set_blocking(stream.fd, False)
        out, err = streams
        ended, code = "", None
        listening: list[int] = []
        last = began + request["timeout"]
        look = began + LOOK_S
        while True:
            self._drain(streams)
            self._drain(self.stale)
            self._reap()
            if pid in self.waited:
                code = self.waited.pop(pid)
                self._disk_full()
                break
            if ended := self._over():
                break
            self._disk_full()
            if request["serves"] and time.monotonic() > look:
                look = time.monotonic() + LOOK_S
                before, listening = listening, _listening()
                if before and listening:
                    break
            if time.monotonic() > last:
                ended, listening = "timeout", _listening()
                break
        seconds = time.monotonic() - began
        left = [name for one, name in self._others() if one != pid]
        if ended or listening or not request["keep"]:
            self._end_all()
            until = time.monotonic() + 0.2
            while streams and time.monotonic() < until:
                self._drain(streams)
        else:
            self._drain(streams)
            self.stale += streams
            streams = []
        for stream in streams:
            os.close(stream.fd)
        self._reap()
        last_code = self.waited.pop(pid, None)
        code = last_code if code is None and ended else code
        self.waited.clear()
        if not ended and code and (self.full or code == 128 + signal.SIGXFSZ):
            ended = "disk"
        answer = {"code": code, "out": out.text(), "err": err.text(), "ended": ended, "seconds": seconds}
        return answer | {"left": left, "listening": listening, "peak": self.peak, "gone": _gone(request["cwd"])}, b""

    def do_end(self, _request: dict, _payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """End everything that runs; says what did."""
        left = [name for _, name in self._others()]
        self._end_all()
        return {"left": left}, b""

    def do_put(self, request: dict, payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """Unpack a tar archive below a folder."""

        def unpack() -> bytes:
            import io
            import tarfile

            os.makedirs(request["path"], exist_ok=True)
            with tarfile.open(fileobj=io.BytesIO(payload)) as archive:
                archive.extractall(request["path"], filter="fully_trusted")
            return b""

        self._as_user(unpack)
        return {}, b""

    def do_write(self, request: dict, payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """Write one file; its folder is made."""

        def write() -> bytes:
            os.makedirs(os.path.dirname(request["path"]), exist_ok=True)
            with open(request["path"], "wb") as file:
                file.write(payload)
            os.chmod(request["path"], request["mode"])
            return b""

        self._as_user(write)
        return {}, b""

    def do_read(self, request: dict, _payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """A file's content up to `most` bytes; not for what is no regular file."""

        def read() -> bytes:
            import stat

            fd = os.open(request["path"], os.O_RDONLY | os.O_NONBLOCK)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(22, "not a regular file", request["path"])
            with os.fdopen(fd, "rb") as file:
                return file.read(request["most"])

        return {}, self._as_user(read)

    def do_list(self, request: dict, _payload: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        """Every path below a folder: kind (f, d, l, o), x bit, size and time of change in nanoseconds."""

        def walk() -> bytes:
            found = []
            top = request["path"]
            for folder, names, files in os.walk(top):
                for name in sorted(names + files):
                    whole = os.path.join(folder, name)
                    info = os.lstat(whole)
                    kind = {0o100000: "f", 0o040000: "d", 0o120000: "l"}.get(info.st_mode & 0o170000, "o")
                    found.append(
                        (os.path.relpath(whole, top), kind, bool(info.st_mode & 0o100), info.st_size, info.st_mtime_ns)
                    )
                if len(found) > request["most"]:
                    raise OSError(7, "too many files", top)
            return json.dumps(sorted(found)).encode()

        return {}, self._as_user(walk)

    # processes

    def _child(self, request: dict, out: int, err: int) -> None:  # type: ignore[type-arg]
        """Become the command. Never returns."""
        try:
            os.setsid()
            os.dup2(out, 1)
            os.dup2(err, 2)
            for name, value in (
                ("RLIMIT_CORE", 0),
                ("RLIMIT_FSIZE", self.disk),
                ("RLIMIT_DATA", self.memory * 4),
                ("RLIMIT_NPROC", self.processes * 2 + self._threads_outside()),
                ("RLIMIT_NOFILE", 4096),
            ):
                what = getattr(resource, name)
                hard = resource.getrlimit(what)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(what, (value, value))
            self._drop()
            os.umask(0o022)
            for sig in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):  # the interpreter ignores them, a command expects them
                signal.signal(sig, signal.SIG_DFL)
            try:
                os.chdir(request["cwd"])
            except OSError as error:
                os.write(2, f"{request['cwd']}: {error.strerror}\n".encode())
                os._exit(126)
            os.closerange(3, 256)
            os.execvpe(request["argv"][0], request["argv"], request["env"])
        except OSError as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            os.write(2, f"{request['argv'][0]}: {error.strerror}\n".encode())
            os._exit(127 if missing else 126)
        except BaseException as error:  # noqa: BLE001 - nothing of the supervisor may go on in the child
            os.write(2, f"sandbox: {error}\n".encode())
            os._exit(125)

    def _threads_outside(self) -> int:
        """Processes of this user that are not ours: without a user namespace of its own they count against the limit."""
        if self.alone:
            return 0
        mine, count = os.getuid(), 0
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == mine:
                    count += len(os.listdir(f"/proc/{name}/task"))
        return count

    def _drop(self) -> None:
        if self.uid:
            os.setgroups([])
            os.setgid(self.uid)
            os.setuid(self.uid)

    def _folders(self) -> bytes:
        for name in ("copy", "home", "tmp"):
            os.makedirs(os.path.join(self.base, name), mode=0o755, exist_ok=True)
        return b""

    def _as_user(self, work) -> bytes:  # type: ignore[no-untyped-def]
        """Do a piece of work as the unprivileged user, in a child; OSError comes back as it was."""
        get, put = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                try:
                    self._drop()
                    os.umask(0o022)
                    data = b"+" + work()
                except OSError as error:
                    data = f"-{error.strerror}: {error.filename or ''}".encode("utf-8", "replace")
                except Exception as error:  # noqa: BLE001 - a broken archive
                    data = f"-{type(error).__name__}: {error}".encode("utf-8", "replace")
                view = memoryview(data)
                while view:
                    view = view[os.write(put, view) :]
            os._exit(0)
        os.close(put)
        with os.fdopen(get, "rb") as file:
            data = file.read()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        if data[:1] != b"+":
            raise OSError(5, data[1:].decode("utf-8", "replace") or "it was ended")
        return data[1:]

    def _others(self) -> list[tuple[int, str]]:
        """Living processes besides this one: all of the namespace, or all descendants where there is none."""
        table: dict[int, tuple[int, str]] = {}
        with contextlib.suppress(OSError):
            for name in os.listdir("/proc"):
                if name.isdigit() and int(name) != os.getpid():
                    with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                        start, _, rest = file.read().rpartition(")")
                        state, parent = rest.split()[:2]
                        if state not in "ZX":
                            table[int(name)] = (int(parent), start.partition("(")[2])
        if self.alone:
            return [(pid, name) for pid, (_, name) in sorted(table.items())]
        mine = {os.getpid()}
        while True:
            more = {pid for pid, (parent, _) in table.items() if parent in mine and pid not in mine}
            if not more:
                return [(pid, table[pid][1]) for pid in sorted(mine - {os.getpid()})]
            mine |= more

    def _over(self) -> str:
        """The limit that the processes together are above, if any."""
        others = self._others()
        if len(others) > self.processes:
            return "processes"
        # what forked processes still share counts for each of them, so it is looked at closely only where it seems too much
        used = _detached_memory() + sum(_memory(pid, "status", ("RssAnon:", "RssShmem:")) for pid, _ in others)
        if used > self.memory:
            exact = _detached_memory() + sum(_memory(pid, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) for pid, _ in others)
            used = exact or used
        self.peak = max(self.peak, used)
        return "memory" if used > self.memory else ""

    def _disk_full(self) -> None:
        with contextlib.suppress(OSError):
            room = os.statvfs(self.base)
            if self.alone and room.f_bavail * room.f_frsize < FULL_AT:
                self.full = True

    def _end_all(self) -> None:
        """End every process but this one, until none is left."""
        for _ in range(500):
            others = self._others()
            if self.alone:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGKILL)
            else:
                for pid, _name in others:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
            self._reap()
            if not others:
                break
            time.sleep(0.005)
        for stream in self.stale:
            os.close(stream.fd)
        self.stale = []

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                code = os.waitstatus_to_exitcode(status)
                self.waited[pid] = 128 - code if code < 0 else code

    # pipes

    def _drain(self, streams: list[Stream]) -> None:
        """Read what is there, waiting for one tick at most; streams at their end are taken out."""
        if not streams:
            if streams is not self.stale:
                time.sleep(TICK_S)
            return
        ready = select.select([s.fd for s in streams], [], [], 0 if streams is self.stale else TICK_S)[0]
        for stream in [s for s in streams if s.fd in ready]:
            if not stream.read():
                os.close(stream.fd)
                streams.remove(stream)

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            piece = os.read(self.inp, min(count - len(data), 1 << 20))
            if not piece:
                return None
            data += piece
        return bytes(data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.out, view) :]


def _memory(pid: int, table: str, names: tuple[str, ...]) -> int:
    """Bytes of a process by a table of /proc. Pages of files (libraries, the tmpfs) do not count: they are shared, or bounded by the disk."""
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/{table}", encoding="utf-8", errors="replace") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(names))
    return 0


def _gone(path: str) -> bool:
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _listening() -> list[int]:
    """TCP ports of this network namespace on which somebody listens."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table, encoding="ascii") as file:
            for line in file.read().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A":
                    ports.add(int(words[1].rpartition(":")[2], 16))
    return sorted(ports)


def _detached_memory() -> int:
    """Bytes of System V shared memory of this namespace, which belongs to no process."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/sysvipc/shm", encoding="ascii") as file:
        return sum(int(line.split()[14]) for line in file.read().splitlines()[1:])
    return 0


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Supervisor(json.loads(sys.argv[1])).serve()
