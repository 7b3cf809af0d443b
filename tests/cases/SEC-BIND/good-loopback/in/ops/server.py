import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        subprocess.run(["tmux", "kill-server"], check=False)


HTTPServer(("127.0.0.1", 8420), Handler).serve_forever()
