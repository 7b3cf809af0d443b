import requests


def main():
    requests.get("http://127.0.0.1")
