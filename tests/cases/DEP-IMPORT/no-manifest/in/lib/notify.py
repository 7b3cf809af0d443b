import os

import requests

requests.get(os.environ["URL"])
