import subprocess
import threading


def run() -> str:
    process = subprocess.Popen(["agent"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, _ = process.communicate()
    return out


def follow() -> int:
    process = subprocess.Popen(["agent"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        print(line, end="")
    return process.wait()


def both() -> int:
    process = subprocess.Popen(["agent"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    reader = threading.Thread(target=process.stderr.read)
    reader.start()
    for line in process.stdout:
        print(line, end="")
    return process.wait()
