"""Questions to a person, what guards them, and what end of file does to them."""

import pytest

from session_ops.discovery.files import read_tree
from session_ops.discovery.prompts import prompts, terminal_uses
from session_ops.discovery.scripts import scripts
from session_ops.discovery.syntax import syntax


def asked(root):
    tree = read_tree(root)
    return prompts(scripts(tree), syntax(tree), tree)


def uses(root):
    tree = read_tree(root)
    return terminal_uses(scripts(tree), syntax(tree), tree)


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ('set -e\nread -p "Name? " n\necho "$n"', "dies"),
        ('read -p "Name? " n\necho "$n"', "empty"),
        ('read -p "Press Enter" _', "goes on"),
        ('while true; do\n  read -p "y/n? " yn\n  case $yn in y) break ;; esac\ndone', "loops"),
        ('set -e\nread -p "Name? " n || n=x\necho "$n"', "empty"),
    ],
)
def test_end_of_file(make, body, effect):
    (prompt,) = asked(make({"a.sh": f"#!/bin/bash\n{body}\n"}))
    assert (prompt.how, prompt.effect, prompt.guarded) == ("read", effect, "")


@pytest.mark.parametrize(
    "body",
    [
        'read -t 5 -p "x? " a',
        "read -r a < file",
        "while read -r a; do :; done < file",
        "echo y | { read -r a; }",
        'read -r a <<< "$b"',
        "read -r -u 3 a",
        "payload=$(cat); read -r a",
        "exec 3< file; read -r a <&3",
    ],
)
def test_what_asks_nobody(make, body):
    assert asked(make({"a.sh": f"#!/bin/bash\n{body}\n"})) == ()


@pytest.mark.parametrize(
    "body",
    [
        '[ -t 0 ] && read -p "x? " a',
        'if [[ -t 0 && -z $b ]]; then read -p "x? " a; fi',
        '[ -t 0 ] || exit 1\nread -p "x? " a',
        'if [ "$YES" != 1 ]; then read -p "x? " a; fi',
        'if [ -z "$a" ]; then read -p "x? " a; fi',
        'ask() { read -p "x? " a; }\nif [ -z "$CI" ]; then ask; fi',
        'case $- in *i*) read -p "x? " a ;; esac',
    ],
)
def test_guards(make, body):
    (prompt,) = asked(make({"a.sh": f"#!/bin/bash\n{body}\n"}))
    assert prompt.guarded


def test_a_function_that_is_once_called_without_a_guard_is_not_guarded(make):
    text = '#!/bin/bash\nask() { read -p "x? " a; }\nif [ -t 0 ]; then ask; fi\nask\n'
    (prompt,) = asked(make({"a.sh": text}))
    assert prompt.guarded == ""


def test_the_branch_that_asks(make):
    text = '#!/bin/bash\nask() { read -p "x? " a; }\ncase "$1" in\n  new|init) ask ;;\n  *) true ;;\nesac\n'
    (prompt,) = asked(make({"a.sh": text}))
    assert prompt.branch == {"new", "init"}


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("git commit", True),
        ('git commit -m "x"', False),
        ("git commit -am x", False),
        ("git commit --amend --no-edit", False),
        ("git rebase -i HEAD~2", True),
        ("git rebase main", False),
        ("apt-get install jq", True),
        ("apt-get install -y jq", False),
        ("apt-get -qq -y install jq", False),
        ("ssh-keygen -t ed25519", True),
        ("ssh-keygen -t ed25519 -N '' -f key", False),
        ("ssh-keygen -lf key", False),
        ("npm init", True),
        ("npm init -y", False),
        ("docker system prune", True),
        ("docker system prune -f", False),
        ("sudo -n true", False),
        ("sudo true", True),
        ("pip uninstall x", True),
        ("pip uninstall -y x", False),
        ("yes | apt-get install jq", False),
    ],
)
def test_commands_that_ask(make, command, asks):
    assert bool([p for p in asked(make({"a.sh": f"#!/bin/bash\n{command}\n"})) if not p.guarded]) is asks


def test_other_languages(make):
    root = make(
        {
            "a.py": "x = input('a? ')\nimport sys\nif sys.stdin.isatty():\n    y = input('b? ')\n",
            "b.py": "import click\nif click.confirm('c?'):\n    pass\n",
            "c.rb": "x = gets.chomp\ny = $stdin.gets\nz = file.gets\n",
            "d.js": "const readline = require('readline');\nrl.question('e? ', f);\nif (process.stdin.isTTY) rl.question('g? ', f);\n",
            "e.js": "db.question('not ours');\n",
        }
    )
    assert [(p.script, p.line, bool(p.guarded)) for p in asked(root)] == [
        ("a.py", 1, False),
        ("a.py", 4, True),
        ("b.py", 2, False),
        ("c.rb", 1, False),
        ("c.rb", 2, False),
        ("d.js", 2, False),
        ("d.js", 3, True),
    ]


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("vim x", True),
        ('"${EDITOR:-vi}" x', True),
        ("docker run -it x", True),
        ("docker run --rm x sh -it", False),
        ("docker exec -i x cat", False),
        ("tmux attach -t x", True),
        ("tmux new -d -s x", False),
        ("tmux send-keys -t x vim Enter", False),
        ("fzf", True),
        ("fzf --filter x", False),
        ("top -b -n 1", False),
        ("less x", False),
        ("stty -echo", True),
        ("clear", True),
        ("tput cols || echo 80", False),
    ],
)
def test_commands_that_need_a_terminal(make, command, needs):
    assert bool([u for u in uses(make({"a.sh": f"#!/bin/bash\n{command}\n"})) if not u.guarded]) is needs
