import json
import requests

import own

print(json, requests, own)
