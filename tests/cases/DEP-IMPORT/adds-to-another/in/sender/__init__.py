"""Sends files."""

import requests
import requests_toolbelt


def send(url: str) -> None:
    requests.post(url, data=requests_toolbelt.MultipartEncoder({}), timeout=5)
