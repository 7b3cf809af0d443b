"""A case: one investigation on disk, parameters in, tables and documents out.

Every file is written aside and renamed. A phase's document is stored with a digest of the input it was made from; one that
belongs to other input, or that is missing, is computed again when somebody asks for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from session_ops import example
from session_ops.discovery.files import CASES_FOLDER, Tree, read_tree
from session_ops.model import Answers, UsageError, encoded, from_json, to_json
from session_ops.parameters import OWN_FILES, Parameters, injected_names, refuse_unknown
from session_ops.registry import Facts, Registry

SCHEMA = 1
"""Version of the case folder's documents. A folder with a higher one was made by a newer session-ops."""
PHASES: dict[str, tuple[str, ...]] = {
    "discovery": (),
    "analysis": ("discovery",),
    "lifecycles": ("discovery",),
    "diagnosis": ("analysis", "lifecycles"),
    "solution": ("diagnosis",),
    "report": ("solution",),
}
"""Phases and those that they read directly. Phase X lives in the package session_ops.X; its module `phase` has `Document` and `compute(case)`."""
LOG_DIGEST_LIMIT = 64_000_000
"""Bytes up to which a log is hashed whole; of a larger one size, time of change and both ends count."""


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The envelope of a phase's document on disk."""

    schema: int
    phase: str
    inputs: str
    document: msgspec.Raw


class Case:
    """One investigation. Open it with `Case.open`; `case["analysis"]` gives that phase's document, computed where it is missing."""

    def __init__(self, parameters: Parameters, folder: Path, target: Path, logs: tuple[Path, ...]) -> None:
        self.parameters = parameters
        self.folder = folder
        self.target = target
        self.logs = logs

    @classmethod
    def open(cls, namespace: Mapping[str, Any] | None = None, /, **given: Any) -> Case:
        """Open or create a case.

        In a notebook: `Case.open(globals())` takes the parameters by name and refuses names that papermill injected and nobody knows.
        From code: `Case.open(target=..., case=...)`.

        Raises:
            UsageError: a parameter, the target, a log or the case folder cannot be used.
        """
        if namespace is not None:
            known = Parameters.__dataclass_fields__
            cells = namespace.get("In", [])
            refuse_unknown([name for cell in cells for name in injected_names(cell)], known)
            given = {name: namespace[name] for name in known if name in namespace} | given
        if isinstance(given.get("case"), Case):  # the cell was run a second time
            given["case"] = str(given["case"].folder)
        parameters = Parameters.checked(given)
        target = _target(parameters.target)
        logs = logs_named(parameters.logs)
        if target is None:
            folder = _folder(parameters, "example")
            cls.make_folder(folder)
            with _lock(folder):
                target = folder / "target" / example.NAME
                if not target.is_dir():
                    target = example.materialise(folder / "target")
        else:
            refuse_unreadable(target)
            folder = _folder(parameters, target.name)
            if (folder == target or target in folder.parents) and CASES_FOLDER not in folder.parts:
                raise UsageError(f"case {folder} lies inside the target {target}; give a folder outside it")
            cls.make_folder(folder)
        case = cls(parameters, folder, target, logs)
        case._claim()
        return case

    @staticmethod
    def make_folder(folder: Path) -> None:
        """Make the folder of a case, or take the one that is there.

        Raises:
            UsageError: it holds other files, or cannot be made or written.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"case {folder}: is a file; give a folder")
        if folder.is_dir() and not (folder / "case.json").exists() and any(p.name != ".lock" for p in folder.iterdir()):
            raise UsageError(f"case {folder}: holds other files and no case; give an empty or new folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.parent.name == CASES_FOLDER:
                (folder.parent / ".gitignore").write_text("*\n")
        except OSError as error:
            raise UsageError(f"case {folder}: cannot be made ({error.strerror}); give another --case") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"case {folder}: cannot be written (permission denied); give another --case")

    # what is investigated

    @cached_property
    def tree(self) -> Tree:
        """The target, read once."""
        return read_tree(self.target)

    @cached_property
    def registry(self) -> Registry:
        """Facts and rules, the user's own among them."""
        return Registry.load([Path(self.parameters.rules)] if self.parameters.rules else [])

    @cached_property
    def answers(self) -> Answers:
        """What the user told us."""
        p = self.parameters
        probe = (p.probe_start, p.probe_beat, p.probe_lock, p.probe_end)
        return Answers(p.environment, p.consumers, p.preserve_data, p.access_control, p.shape, *probe)

    @cached_property
    def facts(self) -> Facts:
        """Facts of the target, read when asked for."""
        return Facts(self.registry, {"tree": self.tree, "answers": self.answers})

    @property
    def is_example(self) -> bool:
        """Is the bundled example under investigation?"""
        return not self.parameters.target

    @cached_property
    def target_digest(self) -> str:
        """A digest of the target's files."""
        return self.tree.digest

    @cached_property
    def inputs(self) -> str:
        """A digest of all that decides the documents: target, logs, parameters, own rules, version."""
        sums = hashlib.sha256(self.target_digest.encode())
        for path in self.logs:
            sums.update(_log_digest(path).encode())
        chosen = {k: v for k, v in asdict(self.parameters).items() if k not in ("target", "logs", "case", *OWN_FILES)}
        sums.update(json.dumps(chosen, sort_keys=True).encode())
        for name, pattern in OWN_FILES.items():
            folder = getattr(self.parameters, name)
            for own in sorted(Path(folder).expanduser().glob(pattern)) if folder else []:
                sums.update(own.read_bytes())
        sums.update(f"{SCHEMA} {version()}".encode())
        return sums.hexdigest()

    # documents

    def __getitem__(self, phase: str) -> Any:
        """The document of a phase; computed, stored and announced in one line where it is missing or belongs to other input."""
        document = self.stored(phase)
        if document is None:
            sys.stderr.flush()
            print(f"{phase}: not in this case yet (or made from other input), computing it first", flush=True)  # noqa: T201
            document = self.compute(phase)
            self.save(phase, document)
        return document

    def stored(self, phase: str) -> Any | None:
        """The stored document of a phase, or None where it is missing or belongs to other input.

        Raises:
            UsageError: the file is not what a case holds.
        """
        path = self.folder / f"{phase}.json"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; check its permissions") from None
        envelope = from_json(data, Stored, str(path))
        if envelope.schema != SCHEMA or envelope.inputs != self.inputs:
            return None
        return from_json(bytes(envelope.document), _module(phase).Document, str(path))

    def compute(self, phase: str) -> Any:
        """Compute a phase's document without storing it."""
        return _module(phase).compute(self)

    def save(self, phase: str, document: Any, seconds: float | None = None) -> None:
        """Store a phase's document and note the phase as done."""
        stored = Stored(SCHEMA, phase, self.inputs, msgspec.Raw(encoded(document)))
        self.write(f"{phase}.json", to_json(stored))
        self.note(phase, status="done", seconds=seconds)

    def note(self, phase: str, **what: Any) -> None:
        """Keep what became of a phase (status, seconds, reason) in case.json; None values change nothing."""
        with _lock(self.folder):
            about = self._about()
            about["phases"].setdefault(phase, {}).update({k: v for k, v in what.items() if v is not None})
            self.write("case.json", to_json(about))

    def seconds(self, phase: str) -> dict[str, float]:
        """Seconds of the commands that a phase ran, by `gate: command`; empty where it ran none."""
        found: dict[str, float] = self._about()["phases"].get(phase, {}).get("commands", {})
        return found

    # files

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A path to write to; renamed to `name` inside the case when the block ends well, removed when it does not.

        Raises:
            UsageError: the case folder cannot be written.
        """
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(prefix=".", suffix=f".{path.name}", dir=path.parent)
        except OSError as error:
            raise UsageError(f"{path.parent}: cannot be written ({error.strerror}); give another --case") from None
        os.close(handle)
        try:
            yield Path(aside)
            Path(aside).chmod(0o644)
            Path(aside).replace(path)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror}); give another --case") from None
        finally:
            Path(aside).unlink(missing_ok=True)

    def write(self, name: str, data: bytes | str) -> Path:
        """Write a file of the case in one step; returns its path."""
        with self.writing(name) as aside:
            aside.write_bytes(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)
        return self.folder / name

    def clear(self, pattern: str) -> None:
        """Remove files of an earlier run that match a glob inside the case (a phase clears only its own)."""
        for path in self.folder.glob(pattern):
            path.unlink()

    # case.json

    def _about(self) -> dict[str, Any]:
        try:
            about = json.loads((self.folder / "case.json").read_bytes())
        except FileNotFoundError:
            return {"schema": SCHEMA, "phases": {}}
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.folder / 'case.json'}: cannot be read ({error}); give another --case") from None
        if not isinstance(about, dict) or not isinstance(about.get("schema"), int) or not isinstance(about.get("phases"), dict):
            raise UsageError(f"{self.folder / 'case.json'}: is not a case of session-ops; give another --case")
        if about["schema"] > SCHEMA:
            raise UsageError(
                f"{self.folder}: made by a newer session-ops (schema {about['schema']}, this is {SCHEMA}); give another --case"
            )
        return about

    def _claim(self) -> None:
        """Write parameters and versions into case.json; refuse the folder of another target."""
        with _lock(self.folder):
            about = self._about()
            name = "" if self.is_example else str(self.target)
            owner = about.get("target", name)
            if owner != name:
                raise UsageError(
                    f"{self.folder}: is the case of {owner or 'the bundled example'}, not of {name or 'the example'}; give another --case"
                )
            about |= {
                "schema": SCHEMA,
                "target": name,
                "parameters": asdict(self.parameters),
                "logs": [str(path) for path in self.logs],
                "inputs": self.inputs,
                "versions": versions(),
            }
            self.write("case.json", to_json(about))

    def _repr_html_(self) -> str:
        from session_ops.show import facts_table

        p = asdict(self.parameters)
        rows = {"target": self.target.name + (" (bundled example)" if self.is_example else ""), "case": str(self.folder)}
        rows |= {"logs": ", ".join(path.name for path in self.logs) or "those found in the target"}
        questions = [name for name in asdict(self.answers) if not name.startswith("probe_")]
        rows |= {name: "not answered, so inferred" if p[name] in ("", "unknown") else p[name] for name in questions}
        usual = asdict(Parameters())
        rest = {name: str(value) for name, value in p.items() if name not in rows and value != usual[name]}
        return facts_table("Case", rows | rest | {"all other parameters": "as they are by default"})


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One process at a time changes a case: two notebooks of one case run at once."""
    try:
        handle = (folder / ".lock").open("a")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror}); give another --case") from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def version() -> str:
    """The version of session-ops."""
    return str(importlib.metadata.version("session-ops"))


def versions() -> dict[str, str]:
    """Versions of what the results depend on."""
    names = ("session-ops", "ast-grep-py", "duckdb", "pandas", "papermill")
    git = shutil.which("git")
    return {name: importlib.metadata.version(name) for name in names} | {
        "python": platform.python_version(),
        "git": "present" if git else "absent",
    }


def refuse_unreadable(target: Path) -> None:
    """Refuse a target that cannot be investigated before a case folder is made for it."""
    if not os.access(target, os.R_OK | os.X_OK):
        raise UsageError(f"{target}: cannot be read (permission denied); check its permissions")
    if next(target.iterdir(), None) is None:
        raise UsageError(f"{target}: the folder is empty; there is nothing to investigate")


def _module(phase: str) -> Any:
    if phase not in PHASES:
        raise UsageError(f"no phase {phase!r}; the phases are {', '.join(PHASES)}")
    return importlib.import_module(f"session_ops.{phase}.phase")


def _target(given: str) -> Path | None:
    if not given.strip():
        return None
    path = Path(given).expanduser()
    if not path.exists():
        raise UsageError(f"target {given}: no such folder; give the path of the tracker's folder")
    if not path.is_dir():
        raise UsageError(f"target {given}: is a file; give the folder that holds it")
    return path.resolve()


def logs_named(given: str | list[str]) -> tuple[Path, ...]:
    """Files and folders named by paths and globs; a folder stays one path.

    Raises:
        UsageError: there is none of that name, or it cannot be read.
    """
    found: list[Path] = []
    for one in [given] if isinstance(given, str) else given:
        if not one.strip():
            continue
        path = Path(one).expanduser()
        hits = [path] if path.exists() else [Path(hit) for hit in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - an absolute pattern
        if not hits:
            raise UsageError(f"logs {one}: no such file or folder; give a path, a folder or a glob in quotes")
        for hit in hits:
            if not os.access(hit, os.R_OK):
                raise UsageError(f"logs {hit}: cannot be read (permission denied); check its permissions")
            found.append(hit.resolve())
    return tuple(dict.fromkeys(found))


def _log_digest(path: Path) -> str:
    """Name and content of a log, or of every file of a folder."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return "\n".join(f"{p.relative_to(path).as_posix()} {_log_digest(p)}" for p in files)
    sums = hashlib.sha256(path.name.encode("utf-8", "surrogateescape"))
    try:
        info = path.stat()
        with path.open("rb") as file:
            if info.st_size <= LOG_DIGEST_LIMIT:
                sums.update(file.read())
            else:
                sums.update(f"{info.st_size} {info.st_mtime_ns}".encode() + file.read(1_000_000))
                file.seek(-1_000_000, os.SEEK_END)
                sums.update(file.read())
    except OSError as error:  # its source says so in the document
        return f"unreadable: {error.strerror}"
    return sums.hexdigest()


def _folder(parameters: Parameters, name: str) -> Path:
    """The case folder: as given, or the first number that is free or holds a case with the same parameters."""
    if parameters.case.strip():
        return Path(parameters.case).expanduser().resolve()
    base = Path(os.environ.get("SESSION_OPS_CASES") or CASES_FOLDER).expanduser().resolve()
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "target"
    wanted = {k: v for k, v in asdict(parameters).items() if k != "case"}
    for n in range(1, 100_000):
        folder = base / f"{stem}-{n}"
        if not folder.exists():
            return folder
        with contextlib.suppress(OSError, ValueError, AttributeError):
            about = json.loads((folder / "case.json").read_bytes())
            same = {k: v for k, v in about.get("parameters", {}).items() if k != "case"} == wanted
            if same and about.get("schema", SCHEMA + 1) <= SCHEMA:
                return folder
    raise UsageError(f"{base}: too many cases; remove old ones or give --case")
