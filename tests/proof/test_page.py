"""A server that is started for its page: are the scripts there that the page loads?"""

from __future__ import annotations

from tests.conftest import Make

from session_ops.discovery.files import read_tree
from session_ops.proof.runs import Place
from session_ops.proof.sandbox import Sandbox
from session_ops.proof.starting import sample

SERVER = """
import http.server, sys
PAGE = '<!doctype html><script type="module" src="/app.js"></script><script src="dist/built.js"></script>' \\
       '<noscript><script src="without.js"></script></noscript><script src="https://example.org/x.js"></script>'
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        there = self.path == "/" or self.path == "/app.js" and sys.argv[1] != "absent"
        self.send_response(200 if there else 404)
        self.send_header("Content-Type", "text/javascript" if self.path == "/app.js" and sys.argv[1] == "there" else "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode() if there else b"")
http.server.HTTPServer(("", int(sys.argv[2])), Handler).serve_forever()
"""


def test_a_page_without_its_script_is_no_start(make: Make, box: Sandbox) -> None:
    place = Place(lambda: box, read_tree(make({"README.md": "# t\n"})))
    box.write("server.py", SERVER.encode())
    said = "its first page loads the script /app.js, and it answers "
    expected = {"there": "", "absent": said + "with status 404", "replaced": said + "with a page instead"}
    for number, (case, wrong) in enumerate(expected.items()):
        run = sample(place, f"python3 server.py {case} {8101 + number}", {}, box.copy)
        assert (case, run.wrong, run.good) == (case, wrong, not wrong)


PLAIN = """
import http.server, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # no length: the server says good-bye first, and its side of the connection stays
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><p>here</p>")
socketserver.TCPServer(("", 8111), Handler).serve_forever()
"""


def test_a_visit_leaves_the_port_free_for_the_next_start(make: Make, box: Sandbox) -> None:
    place = Place(lambda: box, read_tree(make({"README.md": "# t\n"})))
    box.write("plain.py", PLAIN.encode())
    for _ in range(2):
        run = sample(place, "python3 plain.py", {}, box.copy)
        assert (run.wrong, run.skipped, run.good) == ("", "", True)
