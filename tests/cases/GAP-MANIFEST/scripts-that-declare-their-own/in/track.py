# /// script
# dependencies = ["requests"]
# ///
import requests

print(requests)
