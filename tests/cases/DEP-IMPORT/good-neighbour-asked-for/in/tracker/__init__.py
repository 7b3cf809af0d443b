import requests
from tracker_core import limits

print(requests.__version__, limits.LIMIT)
