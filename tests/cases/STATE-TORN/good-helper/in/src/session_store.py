"""Sessions by name."""

import json


class Store:
    def __init__(self, path):
        self._path = path

    def load(self):
        return json.loads(self._path.read_text())

    def persist(self, sessions):
        aside = self._path.with_suffix(".tmp")
        aside.write_text(json.dumps(sessions))
        aside.replace(self._path)
