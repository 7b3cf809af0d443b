"""Hand-made documents of a case, as the report's tests need them."""

from __future__ import annotations

from dataclasses import replace

from session_ops.diagnosis.phase import Assumption, Cause
from session_ops.diagnosis.phase import Document as Diagnosis
from session_ops.lifecycles.numbers import Numbers
from session_ops.lifecycles.phase import AnomalyRow, SourceSummary
from session_ops.lifecycles.phase import Document as Lifecycles
from session_ops.model import Edit, Evidence, Finding, Fix, Gate, GateResult, ModeChange, NewFile, Outcome, RuleResult
from session_ops.registry import Checked
from session_ops.report.contents import Contents, Line, Picture
from session_ops.report.phase import NotChecked, QualityCheck
from session_ops.solution.phase import Approach, FileChange, PatchCheck, PlanStep
from session_ops.solution.phase import Document as Solution

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000030000000208060000009d74661a0000000d4944415478da63fccf40c0000000060003fef4a0000000"
    "0049454e44ae426082"
)

START = Finding(
    "`bin/start.sh` runs `bin/gone.sh`, which is not there",
    Evidence("bin/start.sh", 3, 3, "source bin/gone.sh", "0" * 64),
    also=(Evidence("README.md", 9, 9, "run bin/start.sh", "1" * 64),),
    impact="The start ends there.",
    gate=Gate.START,
    category="dangling-ref",
    rule="REF-RUN",
    id="REF-RUN-aaaaaa",
    fingerprint="a" * 20,
)
HOME = replace(
    START,
    message="/home/dev is the home folder of one person",
    at=Evidence("deploy/x.service", 8, 8, "WorkingDirectory=/home/dev/agent-ops", "2" * 64),
    also=(),
    gate=Gate.RELOCATE,
    category="portability",
    rule="PORT-HOME",
    id="PORT-HOME-bbbbbb",
    fingerprint="b" * 20,
)
LICENCE = Finding(
    "there is no licence text",
    Evidence("LICENSE"),
    category="gap",
    rule="GAP-LICENCE",
    id="GAP-LICENCE-cccccc",
    fingerprint="c" * 20,
)
SECRET = Finding(
    "a password is a default value",
    Evidence("src/x.py", 2, 2, "PASSWORD = 'correct-horse-9'", "3" * 64),
    gate=Gate.GUARD,
    category="security",
    rule="SECRET-DEFAULT",
    id="SECRET-DEFAULT-dddddd",
    fingerprint="d" * 20,
)
ADVICE = Finding(
    "use printf",
    Evidence("bin/start.sh", 7, 7, "echo -n x", "0" * 64),
    category="shell",
    rule="SHELL-ECHO",
    id="SHELL-ECHO-eeeeee",
    fingerprint="e" * 20,
)
FINDINGS = (START, HOME, LICENCE, SECRET, ADVICE)

RESULTS = (
    RuleResult("GAP-LICENCE", Outcome.FAIL, "No licence", None, "gap", "", (LICENCE.id,)),
    RuleResult("META-PARSE", Outcome.PASS, "Everything parses", Gate.PARSE, "package"),
    RuleResult("NPM-LOCK", Outcome.NOT_APPLICABLE, "The lock fits", Gate.INSTALL, "dependency", "no package.json"),
    RuleResult("PORT-HOME", Outcome.FAIL, "A home folder is written down", Gate.RELOCATE, "portability", "", (HOME.id,)),
    RuleResult("PY-NAMES", Outcome.BLOCKED, "Names resolve", Gate.START, "package", "needs META-PARSE to pass"),
    RuleResult("REF-RUN", Outcome.FAIL, "What is run is there", Gate.START, "dangling-ref", "", (START.id,)),
    RuleResult("SECRET-DEFAULT", Outcome.FAIL, "No secret is a default", Gate.GUARD, "security", "", (SECRET.id,)),
    RuleResult("SHELL-ECHO", Outcome.FAIL, "printf", None, "shell", "", (ADVICE.id,)),
    RuleResult("SHIP-UNIT", Outcome.OPEN, "Units start", Gate.SHIP, "deploy-config", "a tool is absent"),
)
CHECKED = Checked(RESULTS, FINDINGS)

TEXT = "#!/bin/sh\nset -e\nsource bin/gone.sh\n"
REPOINT = Fix(
    "Point to lib/here.sh", (START.id,), "safe", edits=(Edit("bin/start.sh", "bin/gone.sh", "lib/here.sh", 3),), id="01-repoint"
)
LICENSE = Fix("Add a licence", (LICENCE.id,), "review", creates=(NewFile("LICENSE", "text\n"),), id="02-licence")
XBIT = Fix("Set the x bit", (START.id,), "safe", modes=(ModeChange("bin/start.sh"),), id="03-xbit")
FIXES = (REPOINT, LICENSE, XBIT)
PATCH = """diff --git a/bin/start.sh b/bin/start.sh
--- a/bin/start.sh
+++ b/bin/start.sh
@@ -1,3 +1,3 @@
 #!/bin/sh
 set -e
-source bin/gone.sh
+source lib/here.sh
"""

OUTCOMES = {
    Gate.PARSE: Outcome.PASS,
    Gate.START: Outcome.FAIL,
    Gate.RELOCATE: Outcome.FAIL,
    Gate.GUARD: Outcome.FAIL,
    Gate.INSTALL: Outcome.NOT_APPLICABLE,
}
BROKEN = {Gate.START: (START.id,), Gate.RELOCATE: (HOME.id,), Gate.GUARD: (SECRET.id,)}
DIAGNOSIS = Diagnosis(
    verdict="blocked",
    headline="Not deployable: 3 of 11 gates fail; first: bin/gone.sh is gone.",
    gates=tuple(GateResult(g, OUTCOMES.get(g, Outcome.OPEN), BROKEN.get(g, ()), "1 rule read it", "") for g in Gate),
    causes=(
        Cause(
            "c1",
            "bin/gone.sh is not there",
            "A script needs it.",
            "same missing file",
            (START.id,),
            (Gate.START,),
            "likely",
            ("a session never ended",),
        ),
        Cause("c2", "One person's home", "Nobody else has it.", "same home", (HOME.id,), (Gate.RELOCATE,), "likely"),
    ),
    security=(SECRET.id,),
    assumptions=(
        Assumption(
            "Where shall it run?", "systemd", False, "there is a unit", (Evidence("deploy/x.service"),), "Ask the owner."
        ),
    ),
)
SOLUTION = Solution(
    fixes=FIXES,
    checks=(
        PatchCheck("01-repoint", "fixes/01-repoint.patch", True, "git apply --check", "", (START.id,)),
        PatchCheck("02-licence", "fixes/02-licence.patch", False, "git apply --check", "error: LICENSE exists"),
    ),
    immediate=("01-repoint", "03-xbit"),
    structural=("02-licence",),
    by_hand=(HOME.id, SECRET.id),
    approach=Approach("make install", ("it is a shell bundle",), "a container", ("make install",)),
    plan=(
        PlanStep(1, "Point to lib/here.sh", "", "01-repoint", (START.id,), (Gate.START,), "sh bin/start.sh"),
        PlanStep(
            2,
            "By hand: the home folder",
            "Use %h. It is in deploy/x.service:8.",
            "",
            (HOME.id,),
            (Gate.RELOCATE,),
            "grep -rn /home deploy",
        ),
    ),
    files=(
        FileChange("bin/start.sh", "modify", ("01-repoint",), "repoints"),
        FileChange("LICENSE", "create", ("02-licence",), "a licence"),
    ),
    refused={"Rename it": "a directive forbids it"},
)
LIFECYCLES = Lifecycles(
    sources=(
        SourceSummary(
            "s1",
            "logs/events.jsonl",
            "jsonl",
            "read",
            "",
            10,
            1,
            3,
            "2026-01-01T00:00:00Z",
            "2026-01-01T01:00:00Z",
            False,
            1.0,
            "UTC",
            {"jsonl": 1.0},
        ),
        SourceSummary("s2", "logs/odd.log", "", "unknown", "no format fits", 0, 0, 0, "", "", False, 0.0, "", {}),
    ),
    numbers=Numbers(3, 1, 1, 1, 1, 0, 10, 1, 3600.0, 60.0, 300.0, 2, 0),
    anomalies=(
        AnomalyRow(
            "orphan",
            "s1",
            "sess-1",
            "",
            "2026-01-01T00:30:00Z",
            "critical",
            "likely",
            False,
            ("s1:3",),
            "session sess-1 never ended",
            "logs/events.jsonl",
            4,
        ),
    ),
    undecidable={"claim_while_held": "holds are never logged"},
    figures=(("timeline.png", "Three sessions, one of which never ended"),),
)
CONTENTS = Contents(
    name="agent-ops",
    version="0.1.0",
    state=(("Kind", "shell bundle (`bin/start.sh`)"), ("Files", "9 of 9 files read")),
    results=RESULTS,
    findings=FINDINGS,
    lifecycles=LIFECYCLES,
    diagnosis=DIAGNOSIS,
    solution=SOLUTION,
    quality=(QualityCheck("Whole folder read", True, "9 of 9"), QualityCheck("Security considered", False, "0 of 1")),
    not_checked=(NotChecked("rule SHIP-UNIT", "a tool is absent", "install it"),),
    excerpts={
        START.id: (Line(2, "set -e", False), Line(3, "source bin/gone.sh", True)),
        SECRET.id: (Line(2, "PASSWORD = 'correct-horse-9'", True),),
    },
    patches={"01-repoint": PATCH},
    pictures=(Picture("timeline.png", "Three sessions, one of which never ended", PNG),),
)

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) `tick` **bold** | pipe \x1b[31mred\x07 \u202eright to left "
    "![i](http://evil.example/i.png) </details>"
)


def hostile() -> Contents:
    """The same case, with texts of somebody who wants to get out of the page."""
    bad = replace(
        START,
        message=HOSTILE,
        at=replace(START.at, path=f"bin/{HOSTILE}", quote=HOSTILE + "A" * 10_000),
        also=(replace(START.also[0], path=HOSTILE),),
        impact=HOSTILE,
    )
    fix = replace(REPOINT, title=HOSTILE, why=HOSTILE)
    cause = replace(DIAGNOSIS.causes[0], title=HOSTILE, why=HOSTILE, basis=HOSTILE, anomalies=(HOSTILE,))
    anomaly = replace(LIFECYCLES.anomalies[0], text=HOSTILE, session_id=HOSTILE, path=HOSTILE)
    step = replace(SOLUTION.plan[0], title=HOSTILE, how=HOSTILE, check=HOSTILE)
    return replace(
        CONTENTS,
        name=HOSTILE,
        state=((HOSTILE, HOSTILE),),
        findings=(bad, *FINDINGS[1:]),
        diagnosis=replace(DIAGNOSIS, headline=HOSTILE, causes=(cause, DIAGNOSIS.causes[1])),
        solution=replace(
            SOLUTION, fixes=(fix, *FIXES[1:]), plan=(step, SOLUTION.plan[1]), refused={HOSTILE: HOSTILE},
            files=(FileChange(HOSTILE, "modify", ("01-repoint",), HOSTILE),), approach=Approach(HOSTILE, (HOSTILE,), HOSTILE, (HOSTILE,)),
        ),
        lifecycles=replace(LIFECYCLES, anomalies=(anomaly,), undecidable={HOSTILE: HOSTILE}),
        quality=(QualityCheck(HOSTILE, True, HOSTILE),),
        not_checked=(NotChecked(HOSTILE, HOSTILE, HOSTILE),),
        excerpts={START.id: (Line(3, HOSTILE + "A" * 10_000, True),)},
        patches={"01-repoint": PATCH + f"+{HOSTILE}\n"},
        pictures=(Picture("timeline.png", HOSTILE, PNG),),
    )  # fmt: skip
