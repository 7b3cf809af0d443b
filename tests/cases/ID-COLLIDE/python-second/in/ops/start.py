from datetime import datetime

session_id = datetime.now().strftime("%Y%m%d_%H%M%S")
started = datetime.now().strftime("%Y%m%d_%H%M%S")
