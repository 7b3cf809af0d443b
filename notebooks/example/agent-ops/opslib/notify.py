"""Tells the team channel that a session closed."""

import os
import sys

import requests

from .registry import load


def main(session):
    url = os.environ["OPS_WEBHOOK_URL"]
    token = os.environ["OPS_API_TOKEN"]
    entry = load().get(session, {})
    print(f"notify {url} with token {token}")
    requests.post(
        url,
        json={"session": session, "agent": entry.get("agent"), "status": entry.get("status")},
        headers={"Authorization": f"Bearer {token}"},
        verify=False,
    )


if __name__ == "__main__":
    main(sys.argv[1])
