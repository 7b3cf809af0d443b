import os
from settings import Settings
print(os.environ["API_URL"], os.environ["API_TOKEN"], Settings().workers)
