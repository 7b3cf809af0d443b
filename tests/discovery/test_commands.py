"""External commands: what counts as one, through which wrappers, and what guards it."""

from session_ops.discovery.commands import commands, peeled
from session_ops.discovery.files import read_tree
from session_ops.discovery.scripts import scripts
from session_ops.discovery.syntax import syntax


def used(root):
    tree = read_tree(root)
    return commands(tree, syntax(tree), scripts(tree))


def test_builtins_functions_and_own_scripts_are_left_out(make):
    root = make({"a.sh": '#!/bin/bash\nlog() { echo "$1"; }\nlog x\nset -e\n./b.sh\njq . x\n/usr/bin/curl y\n$TOOL z\n'})
    assert [(c.name, c.line) for c in used(root)] == [("jq", 6), ("curl", 7)]


def test_functions_of_a_sourced_file_are_left_out(make):
    root = make({"lib.sh": "note() { true; }\n", "a.sh": "#!/bin/bash\n. ./lib.sh\nnote x\ntmux ls\n"})
    assert [c.name for c in used(root)] == ["tmux"]


def test_wrappers_are_looked_through():
    assert list(peeled(("sudo", "-u", "x", "env", "A=1", "timeout", "-k", "5", "10", "jq", "."))) == [
        ("sudo", "-u", "x", "env", "A=1", "timeout", "-k", "5", "10", "jq", "."),
        ("env", "A=1", "timeout", "-k", "5", "10", "jq", "."),
        ("timeout", "-k", "5", "10", "jq", "."),
        ("jq", "."),
    ]
    assert list(peeled(("xargs", "-0", "-n", "1", "rm", "-f")))[-1] == ("rm", "-f")
    assert list(peeled(("command", "-v", "jq"))) == [("command", "-v", "jq")]


def test_a_check_or_an_alternative_guards(make):
    text = "#!/bin/sh\nif ! command -v jq >/dev/null; then exit 1; fi\njq . a\ngh pr list || true\ncurl x\nif tmux ls; then :; fi\n"
    found = {c.name: c.guarded for c in used(make({"a.sh": text}))}
    assert found == {"jq": True, "gh": True, "curl": False, "tmux": False}


def test_commands_in_substitutions_pipes_and_heredocs_are_found(make):
    text = "#!/bin/bash\nx=$(yq . a | sort)\ncat <<EOF\n$(git log)\nEOF\ncat <<'EOF'\n$(hg log)\nEOF\n"
    assert [(c.name, c.line) for c in used(make({"a.sh": text}))] == [
        ("sort", 2),
        ("yq", 2),
        ("cat", 3),
        ("git", 4),
        ("cat", 6),
    ]


def test_literal_argument_lists_of_python_and_javascript(make):
    root = make(
        {
            "a.py": (
                "import subprocess, shutil, os\n"
                'subprocess.run(["git", "status"], check=True)\n'
                'os.system("tmux ls | wc -l")\n'
                "subprocess.run(args)\n"
                'if shutil.which("gh"):\n    subprocess.run(["gh", "pr"])\n'
                "try:\n"
                '    subprocess.run(["jq", "."])\n'
                "except FileNotFoundError:\n    pass\n"
            ),
            "b.js": "const { execSync, spawn } = require('child_process');\nexecSync('docker ps');\nspawn('code', ['-n']);\n/x/.exec('y z');\n",
        }
    )
    assert [(c.path, c.line, c.name, c.guarded) for c in used(root)] == [
        ("a.py", 2, "git", False),
        ("a.py", 3, "tmux", False),
        ("a.py", 3, "wc", False),
        ("a.py", 6, "gh", True),
        ("a.py", 8, "jq", True),
        ("b.js", 2, "docker", False),
        ("b.js", 3, "code", False),
    ]


def test_broken_odd_and_huge_files_do_no_harm(make):
    root = make(
        {
            "crlf.sh": b"#!/bin/bash\r\njq . a\r\n",
            "odd.sh": b"#!/bin/bash\n\xff\xfe jq\n((((\n",
            "long.sh": b"#!/bin/bash\necho " + b"x" * 300_000,
            "deep.sh": "#!/bin/bash\n" + "$(" * 2000 + "\n",
        }
    )
    assert ("crlf.sh", "jq") in {(c.path, c.name) for c in used(root)}
