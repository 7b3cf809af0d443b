def main():
    print("0")


def report():
    print("1")
