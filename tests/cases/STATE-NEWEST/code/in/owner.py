import glob
import os


def current_session():
    files = glob.glob(os.path.expanduser("~/.agents/sessions/*.json"))
    return max(files, key=os.path.getmtime)


def release():
    os.unlink(current_session())
