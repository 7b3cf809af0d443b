import os
print(os.environ["API_URL"], os.environ["API_TOKEN"])
