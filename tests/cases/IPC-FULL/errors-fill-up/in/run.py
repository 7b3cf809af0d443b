import subprocess


def run(prompt: str) -> int:
    process = subprocess.Popen(["agent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdin.write(prompt)
    process.stdin.close()
    for line in process.stdout:
        print(line, end="")
    print(process.stderr.read())
    return process.wait()
