import requests

requests.post(
    URL,
    headers={"Authorization": f"Bearer {T}"},
    verify=False,
)
