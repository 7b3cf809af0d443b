import json
import helper
