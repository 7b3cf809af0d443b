import os

token = os.environ["OPS_TOKEN"]
print(f"with {token}")
