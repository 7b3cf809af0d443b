import time


class Registry:
    def __init__(self):
        self.sessions = {}

    def register(self, name):
        self.sessions[name] = {"status": "active", "last_heartbeat": time.time()}

    def reap(self):
        for session in self.sessions.values():
            if time.time() - session["last_heartbeat"] > 90:
                session["status"] = "expired"
