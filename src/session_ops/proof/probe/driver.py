"""Drives a tracker with several sessions at once, and says what was there before and after.

This file is run inside the sandbox as a script of its own (`python3 -I -c <this text> <plan>`), so it uses the standard library alone and
decides nothing: it starts, kills, waits and takes snapshots. What they mean is judged outside, by `judge`.

The plan is JSON: `root` (folder that is copied for each trial), `inside` (where in it the commands run), `at` (an empty folder for the
trials), `seen` (the file for what was seen, JSON packed by zlib), `commands` (start, make, lock, beat, end, reap: shell text with {agent} {task}
{session} {resource} {made} {n} {root}), `folders` (places of the system that lead to `system`, empty for each trial), `services` (words that
start one, with {dir}, and its port: each trial has its own), `trials` (how many sessions, and for how many resources they contend), `env`,
`beats`, and in seconds `limit` (for one command), `patience` (for those that wait for a lock) and `budget` (for all).
"""

# paths are strings here: tens of thousands are looked at while the tracker works
# ruff: noqa: PTH103, PTH112, PTH113, PTH114, PTH118, PTH108, PTH119, PTH123, PTH208, PTH211

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from typing import Any

FOREGROUND_S = 6.0
"""Seconds that a command is given where a start was seen not to return."""
MARK = "SESSION_OPS_PROBE"
"""In the environment of all that a session starts, so that its processes are found wherever they went."""
WHOLE = 200_000
"""Bytes of a changed file that are handed on; more is cut, and said so."""
OURS = ("__pycache__", "node_modules", ".venv", ".ruby-lsp")
"""Folders that interpreters and package managers fill."""
MANY = 400
"""Changed paths that are handed on for one snapshot."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
NAMED = re.compile(r"(?i)\b(?:session|agent|run|instance)?[_ -]?id\b[\"']?\s*[:=]\s*[\"']?([\w.:-]{3,80})")
IDLIKE = re.compile(r"^(?=.*\d)[\w.:-]{4,80}$")

TICKET = re.compile(r"\b(?=[\w-]*\d)(?:[A-Za-z]{1,20}[-_]?\d{1,12}|[0-9a-f]{7,40})\b")
"""How programs name what they made: `task-0001`, `T12`, a hash."""
SERVICE_S = 5.0
"""Seconds until a service listens."""

PLACEHOLDER = re.compile(r"(?<!\$)\{(agent|task|session|given|resource|made|n|root)\}")

Entry = tuple[str, int, int, int]


class Trial:
    """One copy of the target, and the sessions that run in it."""

    contest = 1
    """The number of the resource that is contended for."""

    def __init__(self, plan: dict[str, Any], number: int, size: int) -> None:
        self.plan = plan
        self.size = size
        self.top = os.path.join(plan["at"], f"trial-{number}")
        self.root = os.path.join(self.top, os.path.basename(plan["root"].rstrip("/")) or "target")
        self.cwd = os.path.normpath(os.path.join(self.root, plan["inside"]))
        self.home = os.path.join(self.top, "home")
        self.aside = os.path.join(self.top, ".probe-output")
        self.ids: dict[int, str] = {}
        self.made: list[str] = []
        self.ran: list[dict[str, Any]] = []
        os.makedirs(self.home)
        os.makedirs(self.aside)
        shutil.copytree(plan["root"], self.root, symlinks=True)
        for folder in plan.get("folders", []):
            os.makedirs(f"{self.top}/system{folder}")
        if plan.get("folders"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(plan["system"])
            os.symlink(f"{self.top}/system", plan["system"])
        self.services = [self.serve(words, port) for words, port in plan.get("services", [])]
        self.before = self.stats()
        self.worktrees = self._worktrees()

    # what is there

    def stats(self) -> dict[str, Entry]:
        """Kind, size, time and inode of every path of the trial but git's objects and our own output."""
        found: dict[str, Entry] = {}
        for folder, names, files in os.walk(self.top):
            if folder == self.top and ".probe-output" in names:
                names.remove(".probe-output")
            if os.path.basename(folder) == ".git":
                names[:] = []
                files = []
            names[:] = [name for name in names if name not in OURS]
            for name in (*names, *files):
                path = os.path.join(folder, name)
                try:
                    info = os.lstat(path)
                except OSError:
                    continue
                kind = (
                    "folder"
                    if os.path.isdir(path) and not os.path.islink(path)
                    else "file"
                    if os.path.isfile(path)
                    else "other"
                )
                size = 0 if kind == "folder" else info.st_size
                stamp = 0 if kind == "folder" else info.st_mtime_ns
                found[os.path.relpath(path, self.top)] = (kind, size, stamp, info.st_ino)
        return found

    def snapshot(self) -> dict[str, Any]:
        """Every path that is new, gone or changed since the sessions began, with the text of the files."""
        now = self.stats()
        changed = sorted(path for path, entry in now.items() if self.before.get(path) != entry)
        paths: dict[str, Any] = {}
        for path in changed[:MANY]:
            kind = now[path][0]
            paths[path] = {"kind": kind, "new": path not in self.before}
            if kind == "file":
                paths[path] |= self._text(path)
        gone = sorted(path for path in self.before if path not in now)[:MANY]
        return {
            "paths": paths,
            "gone": gone,
            "more": max(0, len(changed) - MANY),
            "worktrees": self._worktrees() - self.worktrees,
        }

    def _text(self, path: str) -> dict[str, Any]:
        try:
            with open(os.path.join(self.top, path), "rb") as file:
                data = file.read(WHOLE + 1)
        except OSError as error:
            return {"unreadable": error.strerror}
        if b"\0" in data[:8192]:
            return {"binary": True}
        return {"text": data[:WHOLE].decode("utf-8", "replace"), "cut": len(data) > WHOLE}

    def _worktrees(self) -> int:
        folder = os.path.join(self.root, ".git", "worktrees")
        return len(os.listdir(folder)) if os.path.isdir(folder) else 0

    def settle(self, most: float = 4.0, quiet: float = 0.5) -> None:
        """Wait until nothing was written for a moment."""
        end = time.monotonic() + most
        last, since = self.stats(), time.monotonic()
        while time.monotonic() < end:
            time.sleep(0.1)
            now = self.stats()
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since >= quiet:
                return

    # services

    def serve(self, words: list[str], port: int) -> subprocess.Popen[bytes]:
        """Start a service with data of its own, and wait until it listens."""
        folder = os.path.join(self.aside, f"service-{port}")
        os.makedirs(folder)
        process = subprocess.Popen(
            [word.replace("{dir}", folder) for word in words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        end = time.monotonic() + SERVICE_S
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        return process

    # sessions

    def words(self, n: int) -> dict[str, str]:
        """What the placeholders stand for in session n."""
        given = f"5e550000-0000-4000-8000-{n:012d}"
        return {
            "agent": f"probe-agent-{n}x", "task": f"probe-task-{n}x", "session": self.ids.get(n, given),
            "given": given, "resource": f"probe-resource-{self.contest}",
            "made": self.made[self.contest - 1] if self.contest <= len(self.made) else "",
            "n": str(n), "root": self.root,
        }  # fmt: skip

    def environment(self, n: int) -> dict[str, str]:
        """A bare environment with the names that coding agents set for what they start."""
        words = self.words(n)
        env = dict(os.environ)
        env |= {key: filled(value, words) for key, value in self.plan.get("env", {}).items()}
        return env | {"HOME": self.home, "TERM": "dumb", MARK: str(n)}

    def start(self, step: str, n: int) -> dict[str, Any]:
        """Start a command of a session; its output goes into files."""
        text = filled(self.plan["commands"][step], self.words(n))
        number = len(self.ran)
        with open(self._output(number, "out"), "wb") as out, open(self._output(number, "err"), "wb") as err:
            process = subprocess.Popen(
                ["/bin/sh", "-c", text], cwd=self.cwd, env=self.environment(n), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True,
            )  # fmt: skip
        run = {
            "step": step,
            "n": n,
            "process": process,
            "number": number,
            "contest": self.contest,
            "code": None,
            "ended": "running",
        }
        self.ran.append(run)
        return run

    def _output(self, number: int, end: str) -> str:
        return os.path.join(self.aside, f"{number}.{end}")

    def wait(self, runs: list[dict[str, Any]], limit: float, after_success: float | None = None) -> None:
        """Wait for commands; what still runs at the limit is left running. `after_success` shortens the wait once one has ended with 0."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for run in runs:
                if run["code"] is None and run["process"].poll() is not None:
                    run["code"], run["ended"] = run["process"].returncode, ""
                    if run["code"] == 0 and after_success is not None:
                        end = min(end, time.monotonic() + after_success)
            if all(run["code"] is not None for run in runs):
                return
            time.sleep(0.01)

    def together(
        self, step: str, sessions: list[int], *, limit: float, after_success: float | None = None, stop: bool = True
    ) -> list[Any]:
        """Start one command of several sessions at once. What does not end is killed where `stop`."""
        runs = [self.start(step, n) for n in sessions]
        self.wait(runs, limit, after_success)
        for run in runs:
            if run["code"] is None and stop:
                kill_group(run["process"])
                run["ended"] = "timeout"
        return runs

    def said(self, run: dict[str, Any], end: str = "out") -> str:
        """The last part of what a command printed."""
        with open(self._output(run["number"], end), "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 6000))
            return ESCAPES.sub("", file.read().decode("utf-8", "replace"))

    def identify(self, run: dict[str, Any]) -> None:
        """The id of a session: the given one where it was taken, else what a start printed, or the new path that it names."""
        given = self.words(run["n"])["given"]
        text = self.said(run)
        asked = "{session}" in self.plan["commands"]["start"] or given in text
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        printed = lines[-1] if lines and IDLIKE.match(lines[-1]) else ""
        if not asked and printed and self.holds(printed):  # a tracker may name its own id after the agent's
            self.ids[run["n"]] = printed
            return
        if asked or self.holds(given):
            self.ids[run["n"]] = given
            return
        if printed:
            self.ids[run["n"]] = printed
        elif found := NAMED.search(text):
            self.ids[run["n"]] = found[1].rstrip(".,:")
        elif found := UUID.search(text):
            self.ids[run["n"]] = found[0]
        else:
            now = self.stats()
            for word in re.findall(r"[\w.-]{6,80}", text):
                if re.search(r"\d{4}", word) and any(f"/{word}" in path for path in now if path not in self.before):
                    self.ids[run["n"]] = word.rstrip(".")
                    return

    def make(self, sessions: list[int]) -> None:
        """Each session makes something that can be claimed, all at once; what it is called is the first thing like a name that it prints."""
        for run in self.together("make", sessions, limit=self.plan["limit"]):
            found = [match[0] for match in TICKET.finditer(self.said(run))] if run["code"] == 0 else []
            self.made.append(found[0] if found else "")

    def holds(self, word: str) -> bool:
        """Is a word in the path or the text of anything that changed?"""
        now = self.stats()
        changed = [path for path, entry in now.items() if self.before.get(path) != entry]
        if any(word in path for path in changed):
            return True
        return any(word in self._text(path).get("text", "") for path in changed[:MANY] if now[path][0] == "file")

    def done(self) -> None:
        """Kill all that is left and remove the copy."""
        for pid, _ in marked():
            kill(pid)
        for run in self.ran:
            run["process"].wait()
        for process in self.services:
            kill_group(process)
        shutil.rmtree(self.top, ignore_errors=True)


def filled(text: str, words: dict[str, str]) -> str:
    """A text with its placeholders filled in; `${agent}` is the shell's, and other braces stay as they are written."""
    return PLACEHOLDER.sub(lambda match: words[match[1]], text)


def kill(pid: int) -> None:
    """End a process that may have gone already."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a command and all of its process group."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def marked() -> list[tuple[int, int]]:
    """(pid, session) of every process that a session started and that is still there."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    match = re.search(rb"(?:^|\0)" + MARK.encode() + rb"=(\d+)(?:\0|$)", file.read())
            except OSError:
                continue
            if match:
                found.append((int(name), int(match[1])))
    return found


def trial(plan: dict[str, Any], number: int, size: int, contests: int) -> dict[str, Any]:
    """One trial: start all, beat, contend for locks, kill one in the midst of its beats, end the others, then let a new one come."""
    commands, limit = plan["commands"], plan["limit"]
    one = Trial(plan, number, size)
    seen: dict[str, Any] = {"size": size, "contests": contests, "held": [], "left": [], "victim": 0}
    try:
        sessions = list(range(1, size + 1))
        if "start" in commands:
            for run in one.together("start", sessions, limit=limit, stop=False):
                one.identify(run)
        if "make" in commands:
            one.make(sessions)
        one.settle()
        if "beat" in commands:
            for _ in range(plan["beats"]):
                one.together("beat", sessions, limit=limit)
            one.settle()
        seen["started"] = one.snapshot()
        for one.contest in range(1, contests + 1):
            runs = one.together("lock", sessions, limit=limit, after_success=plan["patience"])
            seen["held"].append([run["n"] for run in runs if run["code"] == 0])
        if contests:
            seen["locked"] = one.snapshot()
        holders = [n for held in seen["held"][-1:] for n in held]
        victim = (holders or sessions[-1:])[0] if size > 1 else 0
        seen["victim"] = victim
        if victim:
            kill_in_the_midst(one, sessions, victim)
        rest = [n for n in sessions if n != victim]
        if "{made}" in commands.get("end", ""):
            for one.contest, held in enumerate(seen["held"], start=1):
                one.together("end", [n for n in held if n != victim], limit=limit)
        elif "end" in commands:
            one.together("end", rest, limit=limit)
        one.settle()
        seen["ended"] = one.snapshot()
        seen["left"] = sorted({n for _, n in marked() if n in rest})
        seen["after"] = afterwards(one, size + 1) if victim else {}
        seen["made"] = one.made
        seen["ids"] = {str(n): name for n, name in one.ids.items()}
        seen["runs"] = [
            {"step": run["step"], "n": run["n"], "contest": run["contest"], "code": run["code"], "ended": run["ended"]}
            | {"out": one.said(run)[-1500:], "err": one.said(run, "err")[-1500:]}
            for run in one.ran
        ]
        seen["places"] = {"$COPY": one.root, "$HOME": one.home, "$TOP": one.top}
        return seen
    finally:
        one.done()


def kill_in_the_midst(one: Trial, sessions: list[int], victim: int) -> None:
    """All beat at once, and every process of one session is killed meanwhile."""
    runs = [one.start("beat", n) for n in sessions] if "beat" in one.plan["commands"] else []
    time.sleep(0.05)
    for pid, n in marked():
        if n == victim:
            kill(pid)
    for run in runs:
        if run["n"] == victim:
            run["ended"] = "killed"
    one.wait([run for run in runs if run["n"] != victim], one.plan["limit"])


def afterwards(one: Trial, n: int) -> dict[str, Any]:
    """A session that comes after the end of all and the death of one: can it start, and take what the dead one held?"""
    commands, limit, patience = one.plan["commands"], one.plan["limit"], one.plan["patience"]
    got: dict[str, Any] = {}
    if "start" in commands:
        run = one.together("start", [n], limit=limit, stop=False)[0]
        one.identify(run)
        got["start"] = run["code"]
    if one.contest and "lock" in commands:
        got["lock"] = one.together("lock", [n], limit=2 * patience)[0]["code"]
        if got["lock"] != 0 and "reap" in commands:
            got["reap"] = one.together("reap", [n], limit=limit)[0]["code"]
            got["lock_after_reap"] = one.together("lock", [n], limit=2 * patience)[0]["code"]
    return got


def main() -> None:
    """Run every trial that the time allows and print what was seen."""
    plan = json.loads(sys.argv[1])
    began = time.monotonic()
    seen = []
    for number, (size, contests) in enumerate(plan["trials"]):
        if number and time.monotonic() - began > plan["budget"]:
            break
        seen.append(trial(plan, number, size, contests if "lock" in plan["commands"] else 0))
        if size == 1 and contests and seen[-1]["held"] == [[]]:
            del plan["commands"]["lock"]  # one session alone does not get it: there is nothing to contend for
        if number == 0 and any(run["step"] == "start" and run["code"] is None for run in seen[0]["runs"]):
            plan["limit"] = min(plan["limit"], FOREGROUND_S)  # its start stays in the foreground: nobody waits for its end
    packed = zlib.compress(json.dumps({"trials": seen, "of": len(plan["trials"])}).encode(), 9)
    with open(plan["seen"], "wb") as file:
        file.write(packed)


if __name__ == "__main__":
    main()
