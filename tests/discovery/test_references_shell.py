"""What shell code names, and whether it is there."""

import pytest

from session_ops.discovery.files import read_tree
from session_ops.model import Answers
from session_ops.registry import Facts, Registry

REGISTRY = Registry.load()
HEAD = "#!/usr/bin/env bash\nset -e\n"


def facts_of(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Facts(REGISTRY, {"tree": read_tree(root), "answers": Answers()})


def look(root, files):
    return facts_of(root, files)["references"]


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ('DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\n. "$DIR/x.sh"', "bin/x.sh"),
        ("DIR=$(cd $(dirname $0)/.. && pwd)\n. $DIR/lib/x.sh", "lib/x.sh"),
        ('DIR="$(dirname "$(readlink -f "$0")")"\nbash "$DIR/x.sh"', "bin/x.sh"),
        ('DIR="${0%/*}"\nTOP=$DIR/..\n"$TOP/lib/x.sh"', "lib/x.sh"),
        ('DIR="$(dirname "$(dirname "$(realpath "$0")")")"\npython3 "$DIR/lib/x.py"', "lib/x.py"),
        ('TOP="$(git rev-parse --show-toplevel)"\nnode "$TOP/web/x.js"', "web/x.js"),
        ('cd "$(dirname "$0")/.."\n./lib/x.sh', "lib/x.sh"),
        ('TOP="${TOP:-$(cd "$(dirname "$0")/.." >/dev/null 2>&1 && pwd)}"\nexec "$TOP/lib/x.sh" "$@"', "lib/x.sh"),
        ('export A="$(dirname "$0")"\nreadonly B="$A/sub"\ncp "$B/x.conf" /etc/', "bin/sub/x.conf"),
        ('go() {\n  local here\n  here="$(dirname "$0")"\n  "$here/x.sh"\n}\ngo', "bin/x.sh"),
        ('(cd "$(dirname "$0")" && ./x.sh)', "bin/x.sh"),
        ('sudo -u ops env A=1 timeout 5 bash "$(dirname "$0")/x.sh"', "bin/x.sh"),
        ('T="$(dirname "$0")"; T="привет мир"; D="$(dirname "$0")/а б"\n. "$D/x.sh"', "bin/а б/x.sh"),
    ],
)
def test_folders_are_followed(code, target, tmp_path):
    found = look(tmp_path, {"bin/run.sh": HEAD + code + "\n"})
    assert [(r.target, r.verdict) for r in found if r.source == "bin/run.sh" and r.act != "read"] == [(target, "missing")]


@pytest.mark.parametrize(
    "code",
    [
        '. "$CONF/x.sh"',
        'D=a\nif [ "$1" ]; then D=b; fi\nbash "$D/x.sh"',
        'cd "$1"\n./x.sh',
        "cd -\n./x.sh",
        'for d in a b; do bash "$d/x.sh"; done',
        'read -r D\n. "$D/x.sh"',
        'D="$(some-tool --prefix)"\n. "$D/x.sh"',
        'case $1 in a) cd one ;; b) cd "$2" ;; esac\n./x.sh',
        "/usr/lib/tool/x.sh",
        '"$HOME/bin/x.sh"',
        "~/bin/x.sh",
    ],
)
def test_what_run_time_decides_is_never_missing(code, tmp_path):
    found = look(tmp_path, {"run.sh": HEAD + code + "\n", "one/a": ""})
    assert [r for r in found if r.verdict == "missing"] == []


@pytest.mark.parametrize(
    "code",
    [
        '[ -f "$D/x.sh" ] && . "$D/x.sh"',
        'if [[ ! -e "$D/x.sh" ]]; then exit 1; fi\n. "$D/x.sh"',
        'test -x "$D/x.sh" && "$D/x.sh"',
        '. "$D/x.sh" || true',
        '"$D/x.sh" || echo "no x"',
    ],
)
def test_guards_are_seen(code, tmp_path):
    found = look(tmp_path, {"run.sh": f'{HEAD}D="$(dirname "$0")"\n{code}\n'})
    lost = [r for r in found if r.verdict == "missing"]
    assert lost
    assert all(r.guarded for r in lost)


@pytest.mark.parametrize(
    "code",
    [
        'echo "A=1" > "$D/x.sh"\n. "$D/x.sh"',
        'cat <<EOF > "$D/x.sh"\nA=1\nEOF\n. "$D/x.sh"',
        'cp /etc/x.sh "$D/x.sh"\n. "$D/x.sh"',
        'curl -fsSL -o "$D/x.sh" https://example.org/x.sh\nbash "$D/x.sh"',
        'git clone https://example.org/r.git "$D/r"\nbash "$D/r/x.sh"',
        'mkdir -p "$D/run"\n. "$D/run/x.sh"',
        'python3 -m venv "$D/env3"\n. "$D/env3/bin/activate"',
        'node "$D/node_modules/a/x.js"',
        'printf x | tee "$D/x.sh"\n. "$D/x.sh"',
    ],
)
def test_what_the_script_makes_is_created(code, tmp_path):
    found = look(tmp_path, {"run.sh": f'{HEAD}D="$(dirname "$0")"\n{code}\n'})
    assert [r.verdict for r in found if r.act in ("run", "source")] == ["created"]


def test_fatal_follows_set_e(tmp_path):
    body = 'D="$(dirname "$0")"\n"$D/a.sh"\nif "$D/b.sh"; then true; fi\nset +e\n"$D/c.sh"\n"$D/d.sh" || exit 1\ntrue\n'
    found = {r.target: r.fatal for r in look(tmp_path, {"run.sh": HEAD + body})}
    assert found == {"a.sh": True, "b.sh": False, "c.sh": False, "d.sh": True}


def test_a_library_that_is_sourced_does_not_know_dollar_zero(tmp_path):
    files = {"bin/run.sh": '. "$(dirname "$0")/../lib/l.sh"\n', "lib/l.sh": 'H="$(dirname "$0")"\n"$H/x.sh"\n', "bin/x.sh": ""}
    verdicts = {(r.source, r.verdict) for r in look(tmp_path, files)}
    assert verdicts == {("bin/run.sh", "resolves"), ("lib/l.sh", "ambiguous")}


def test_candidates_are_the_nearest_first_and_case_is_told(tmp_path):
    files = {"a/run.sh": '"$(dirname "$0")/x.sh"\n', "a/b/x.sh": "", "c/d/x.sh": "", "a/X.SH": ""}
    (found,) = [r for r in look(tmp_path, files) if r.source == "a/run.sh"]
    assert found.candidates == ("a/X.SH", "a/b/x.sh", "c/d/x.sh")


def test_a_file_with_a_template_is_its_users_to_make(tmp_path):
    files = {
        "run.sh": HEAD + '. "$(dirname "$0")/conf.sh"\n. "$(dirname "$0")/ops.env"\n',
        "conf.example.sh": "",
        "ops.env.example": "",
    }
    assert [r.verdict for r in look(tmp_path, files) if r.act == "source"] == ["created", "created"]
