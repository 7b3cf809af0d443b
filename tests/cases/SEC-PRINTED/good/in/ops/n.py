import os

token = os.environ["OPS_TOKEN"]
print(f"token set: {bool(token)}, ends in {token[-4:]}")
max_tokens = 3
print(f"{max_tokens}")
