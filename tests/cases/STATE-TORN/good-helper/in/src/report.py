"""Sessions by name."""

import json


class Store:
    def __init__(self, path):
        self._path = path

    def load(self):
        return json.loads(self._path.read_text())

    def persist(self, sessions):
        self._path.write_text(json.dumps(sessions))
