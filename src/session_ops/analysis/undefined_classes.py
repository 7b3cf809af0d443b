"""Classes that JavaScript constructs and that nothing defines: a ReferenceError at the first run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import Tree
from session_ops.discovery.syntax import LONGEST_LINE, Syntax
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

GLOBALS = frozenset((
    "AbortController", "AbortSignal", "AggregateError", "Array", "ArrayBuffer", "AsyncFunction", "Blob", "BigInt64Array", "BigUint64Array", "Boolean",
    "BroadcastChannel", "Buffer", "ByteLengthQueuingStrategy", "CloseEvent", "CompressionStream", "CountQueuingStrategy", "CustomEvent", "DataView",
    "Date", "DecompressionStream", "DOMException", "DOMMatrix", "DOMParser", "DOMPoint", "DOMRect", "Error", "ErrorEvent", "EvalError", "Event",
    "EventSource", "EventTarget", "File", "FileReader", "FinalizationRegistry", "Float32Array", "Float64Array", "FormData", "Function", "Headers",
    "Image", "ImageData", "Int16Array", "Int32Array", "Int8Array", "IntersectionObserver", "Iterator", "KeyboardEvent", "Map", "MediaRecorder",
    "MessageChannel", "MessageEvent", "MouseEvent", "MutationObserver", "Notification", "Number", "Object", "OffscreenCanvas", "Option", "Path2D",
    "PerformanceObserver", "PointerEvent", "Promise", "Proxy", "RangeError", "ReadableStream", "ReferenceError", "RegExp", "Request",
    "ResizeObserver", "Response", "Set", "SharedArrayBuffer", "SharedWorker", "String", "SuppressedError", "SyntaxError", "TextDecoder",
    "TextDecoderStream", "TextEncoder", "TextEncoderStream", "TransformStream", "TypeError", "URIError", "URL", "URLPattern", "URLSearchParams",
    "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet", "WebSocket", "WheelEvent", "Worker",
    "WritableStream", "XMLHttpRequest", "XMLSerializer", "AudioContext", "Audio", "RTCPeerConnection", "SpeechSynthesisUtterance", "StorageEvent",
    "ClipboardItem", "DataTransfer", "DragEvent", "FocusEvent", "InputEvent", "PopStateEvent", "ProgressEvent", "PromiseRejectionEvent", "Range",
    "TouchEvent", "UIEvent", "AudioWorkletNode", "CSSStyleSheet", "FontFace", "ReportingObserver", "WebAssembly", "Intl", "Atomics", "Reflect",
    "HTMLRewriter", "WebSocketPair", "WebSocketStream", "Float16Array", "AsyncDisposableStack", "DisposableStack", "Temporal",
))  # fmt: skip
"""Constructors that Node, Bun, Deno, workers and browsers have. Sources: ECMA-262, nodejs.org (Globals), MDN (Web APIs)."""
BUNDLED = 2000
"""Characters; a longer line was written by a bundler, which knows its names better than a reader of one of its chunks."""
_NEW = regex(r"\bnew\s+([A-Z]\w*)\s*\(")
_MODULE = regex(r"^\s*import\s[^(]|^\s*export\s|\brequire\(\s*['\"]|^#!", re.MULTILINE)
_BROWSER = regex(r"\b(?:document|window)\.")
_CLASSIC = regex(r"<script\b(?![^>]*type=[\"']?module)[^>]*\bsrc=", re.IGNORECASE)
_HEREDOC = regex(r"<<-?\s*(?P<quote>['\"\\]?)(?P<mark>\w+)['\"]?")
_FILE = regex(r"(?:>|\btee\b)\s*[\"']?[^\s\"'<>|;]*\.(?P<end>[cm]?js|[cm]?ts|tsx)\b")


_GIVEN = regex(
    r"^\s*(?:import\s*\{(?P<names>[^{}]*)\}\s*from\s*|(?:const|let|var)\s*\{(?P<wanted>[^{}]*)\}\s*=\s*require\(\s*)"
    r"(?P<quote>['\"])(?P<module>[^'\"\s]+)(?P=quote)",
    re.MULTILINE,
)
"""Names that are imported or required by braces."""
_TAKES = regex(r"^(?:import\s.*?from\s*|import\s*|(?:const|let|var)\s.*=\s*require\(\s*)['\"][^'\"\n]+['\"]\)?;?\s*$")
_USES = frozenset(("arguments", "new_expression", "call_expression", "member_expression"))
"""What stands around a name that is used; around one that is defined stands something else."""


def as_elsewhere(finding: Finding, tree: Tree) -> Fix | None:
    """Import the class as another text of the project does, from a package that this one imports already.

    What else the text uses, and that import or another one of the package brings, comes with it.
    """
    path, name = finding.at.path, finding.data.get("name", "")
    first, body = 0, tree.text(path)
    if tree.entries[path].language in ("shell", "zsh"):
        here = [h for h in _heredocs(tree.lines(path)) if h[0] < finding.at.line <= h[0] + h[1].count("\n") + 1]
        if not here:
            return None
        first, body, _ = here[0]
    taken = {_package(match["module"]): match for match in _GIVEN.finditer(body)}
    known = _imported(tree, set(taken))
    lacking = [one for one in _lacking(body, known) if len(known[one]) == 1]
    lines = body.split("\n")
    last = max((at for at, line in enumerate(lines) if _TAKES.match(line)), default=None)
    if name not in lacking or last is None:
        return None
    modules: dict[str, list[str]] = {}
    for one in lacking:
        modules.setdefault(next(iter(known[one])), []).append(one)
    ended = ";" if lines[last].rstrip().endswith(";") else ""
    esm = next(iter(taken.values()))["names"] is not None
    new = [
        f"import {{ {', '.join(names)} }} from '{module}'{ended}"
        if esm
        else f"const {{ {', '.join(names)} }} = require('{module}'){ended}"
        for module, names in sorted(modules.items())
    ]
    edit = Edit(path, lines[last], "\n".join((lines[last], *new)), first + last + 1)
    why = "Another text of the project imports it so, and the package is imported here already."
    return Fix(f"Import {', '.join(lacking)} in {path}", (finding.id,), "review", (edit,), why=why)


def _package(module: str) -> str:
    parts = module.split("/")
    return "/".join(parts[: 2 if module.startswith("@") else 1])


def _imported(tree: Tree, packages: set[str]) -> dict[str, set[str]]:
    """Names that any text of the project takes from these packages, and from which of their modules."""
    found: dict[str, set[str]] = {}
    for entry in tree.files("javascript", "typescript", "tsx", "shell", "zsh", "markdown"):
        text = tree.text(entry.path)
        for match in _GIVEN.finditer(text) if any(package in text for package in packages) else ():
            if _package(match["module"]) in packages and not match["module"].startswith("."):
                for name in (match["names"] or match["wanted"] or "").split(","):
                    if re.fullmatch(r"[A-Z]\w*", name.strip()):
                        found.setdefault(name.strip(), set()).add(match["module"])
    return found


def _lacking(body: str, known: dict[str, set[str]]) -> list[str]:
    """Those of the known names that a text uses and nowhere defines or imports."""
    root = Syntax.parse(body, "typescript")
    found = []
    for name in sorted(one for one in known if re.search(rf"\b{one}\b", body)):
        same = root.find_all(kind="identifier", regex=rf"^{name}$")
        around = {p.kind() for n in same if (p := n.parent()) is not None}
        typed = [*root.find_all(kind="type_identifier", regex=rf"^{name}$")]
        if around and around <= _USES and not typed:
            found.append(name)
    return found


@rule("DEP-CLASS", gate="start", category="entry-point", fix=as_elsewhere)
def undefined_class(tree: Tree) -> Iterator[Finding]:
    """JavaScript constructs a class that is neither imported nor defined, in a file or in a here-document that becomes one.

    Why: `new X(...)` ends the program with ReferenceError; no compiler looks at a text inside of a shell script, and none at plain
    JavaScript. Only modules are judged (they import, require or export), and only names that occur nowhere else in the text.
    Passes: globals of Node and browsers, names that another file puts on globalThis, scripts that a page loads together.
    Do: Import, require or define the class in that same file, or in the text of the here-document that becomes the file.
    Source: ECMA-262 (ResolveBinding); nodejs.org, Globals.
    """
    looked = False
    for entry in tree.files("javascript", "typescript", "tsx", "shell", "zsh"):
        text = tree.text(entry.path)
        if "new " not in text or is_aside(entry.path) or is_document(entry.path) or entry.ignored:
            continue
        if entry.language in ("shell", "zsh"):
            for first, body, quoted in _heredocs(tree.lines(entry.path)):
                looked = True
                for name, line in _undefined(body, "typescript") if quoted or "${" not in body else ():
                    yield _said(tree, entry.path, first + line, name)
            continue
        looked = True
        if ".min." in entry.path or max(map(len, tree.lines(entry.path)), default=0) > BUNDLED:
            continue
        for name, line in _undefined(text, "tsx" if entry.language != "typescript" else "typescript"):
            if not _is_global(tree, name) and not (_BROWSER.search(text) and _of_a_page(tree)):
                yield _said(tree, entry.path, line, name)
    if not looked:
        raise NotApplicable("no JavaScript that constructs anything")


@lru_cache(maxsize=1)
def _of_a_page(tree: Tree) -> bool:
    """Does a page load scripts that are no modules, whose names all others of the page see?"""
    return any(_CLASSIC.search(tree.text(e.path)) for e in tree.files("html"))


def _said(tree: Tree, path: str, line: int, name: str) -> Finding:
    return Finding(
        f"the JavaScript constructs {name}, which it neither imports nor defines",
        tree.evidence(path, line),
        impact=f"The program ends here with ReferenceError: {name} is not defined.",
        data={"name": name},
    )


def _heredocs(lines: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Here-documents that a shell script writes to files of JavaScript: lines before the body, the body, whether the shell leaves it alone."""
    at = 0
    while at < len(lines):
        match = _HEREDOC.search(lines[at])
        at += 1
        if match is None or lines[at - 1].lstrip().startswith("#"):
            continue
        end = next((n for n in range(at, len(lines)) if lines[n].strip() == match["mark"]), None)
        if end is None:
            continue
        if _FILE.search(lines[at - 1]):
            yield at, "\n".join(lines[at:end]), bool(match["quote"])
        at = end + 1


_BEFORE = regex(
    r"(?:\b(?:class|function\*?|interface|enum|type|const|let|var|as|namespace|import)\s+|[,{(\[]\s*|\bimport\s+type\s+)$"
)
_AFTER = regex(r"\s*=[^=>]")


def _undefined(text: str, grammar: str) -> Iterator[tuple[str, int]]:
    """Names that are constructed and occur in no other role, with the line of the first time (from 1)."""
    names = dict.fromkeys(m[1] for m in _NEW.finditer(text) if m[1] not in GLOBALS)
    if not names or max(map(len, text.split("\n"))) > LONGEST_LINE:
        return
    suspects = [name for name in names if not _looks_defined(text, name)]
    if not suspects or not _MODULE.search(text):
        return
    root = Syntax.parse(text, grammar)
    for name in suspects:
        same = [
            n
            for kind in ("identifier", "type_identifier", "shorthand_property_identifier_pattern")
            for n in root.find_all(kind=kind, regex=rf"^{name}$")
        ]
        made = [n for n in same if (p := n.parent()) is not None and p.kind() == "new_expression"]
        if made and len(made) == len(same):
            yield name, made[0].range().start.line + 1


def _looks_defined(text: str, name: str) -> bool:
    """Does the text around one of the name's places look like a definition or an import? Cheap, and generous."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        whole = not _is_letter(text[end : end + 1]) and not _is_letter(text[at - 1 : at])
        given = _AFTER.match(text, end) or (text[end : end + 1] != "(" and _BEFORE.search(text[max(0, at - 40) : at]))
        if whole and given:
            return True
        at = text.find(name, end)
    return False


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_global(tree: Tree, name: str) -> bool:
    """Does any file put the name on a global object, or declare it for all?"""
    pattern = re.compile(
        rf"(?:window|globalThis|global|self)(?:\.{name}\b|\[['\"]{name}['\"]\])|declare\s+(?:global|class|const|var|let)\b[^;]*\b{name}\b|\b{name}\s*:\s*['\"](?:readonly|writable)"
    )
    return any(
        name in tree.text(e.path) and pattern.search(tree.text(e.path))
        for e in tree.files("javascript", "typescript", "tsx", "json", "html")
    )
