import requests

requests.post("https://localhost:8443", verify=False)
