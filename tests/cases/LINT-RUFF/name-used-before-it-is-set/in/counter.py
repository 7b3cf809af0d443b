count = 0


def add():
    count += 1
    return count


if __name__ == "__main__":
    print(add())
