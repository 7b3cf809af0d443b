"""Declared platforms: who says so, how surely, and which scripts run on one alone."""

import pytest

from session_ops.discovery.files import read_tree
from session_ops.discovery.platforms import platforms
from session_ops.discovery.scripts import scripts


def declared(root):
    tree = read_tree(root)
    return platforms(tree, scripts(tree))


def test_linux_by_default(make):
    found = declared(make({"a.sh": "#!/bin/sh\n"}))
    assert [(p.name, p.confidence) for p in found.declared] == [("linux-gnu", "likely")]


@pytest.mark.parametrize(
    ("files", "confidence"),
    [
        ({"README.md": "Supports macOS and Linux.\n"}, "likely"),
        ({"README.md": "- macOS 13\n"}, "likely"),
        ({"README.md": "brew install jq\n"}, "possible"),
        ({".github/workflows/ci.yml": "jobs:\n  a:\n    runs-on: macos-14\n"}, "likely"),
        ({".github/workflows/ci.yml": "      matrix:\n        os: [ubuntu-latest, macos-latest]\n"}, "likely"),
        ({"a.sh": '#!/bin/sh\ncase "$(uname)" in Darwin) echo mac ;; esac\n'}, "likely"),
    ],
)
def test_macos(make, files, confidence):
    found = declared(make(files)).get("macos")
    assert found is not None
    assert found.confidence == confidence
    assert found.at is not None


@pytest.mark.parametrize("text", ["macOS is not supported.\n", "Linux only, no macOS.\n", "The machine is fast.\n"])
def test_no_macos(make, text):
    assert declared(make({"README.md": text})).get("macos") is None


def test_scripts_of_one_platform(make):
    root = make(
        {
            "README.md": "Runs on macOS and Linux.\n",
            "Dockerfile": "FROM alpine:3.20\nCOPY run.sh /run.sh\n",
            "run.sh": "#!/bin/sh\n",
            "setup.sh": "#!/bin/bash\nsudo apt-get install -y jq\n",
            "docker/entrypoint.sh": "#!/bin/sh\n",
            "tool.sh": "#!/bin/bash\n",
        }
    )
    found = declared(root)
    assert found.meets("macos", "tool.sh") is not None
    assert found.meets("macos", "setup.sh") is None
    assert found.meets("linux-gnu", "setup.sh") is not None
    assert found.meets("busybox", "run.sh") is not None
    assert found.meets("busybox", "tool.sh") is None


def test_a_newer_bash_is_asked_for(make):
    assert declared(make({"README.md": "Requires Bash 4.0 or newer.\n"})).newer_bash is not None
    assert declared(make({"README.md": "Uses bash.\n"})).newer_bash is None
