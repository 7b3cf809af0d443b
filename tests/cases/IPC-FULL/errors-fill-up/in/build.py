import subprocess


def build() -> str:
    process = subprocess.Popen(["make"], stdout=subprocess.PIPE)
    process.wait()
    return process.stdout.read().decode()
