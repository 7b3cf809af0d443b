from tracker import other
import helpers
import json
