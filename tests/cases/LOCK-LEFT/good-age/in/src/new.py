def write(path, text):
    with open(path, "x") as f:
        f.write(text)
