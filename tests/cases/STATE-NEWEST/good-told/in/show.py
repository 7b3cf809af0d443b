import glob
import os


def latest_sessions():
    files = glob.glob(os.path.expanduser("~/.agents/sessions/*.json"))
    return sorted(files, key=os.path.getmtime)[-5:]
