import os
from datetime import datetime

count = 0
last = None


def one():
    from datetime import datetime

    return datetime.now()


def two():
    global count
    count += 1


def three(items):
    for item in items:
        if item:
            print(last)
        last = item


def four():
    def inner():
        return os.getcwd()

    import os

    return inner()


def five():
    try:
        datetime
    except NameError:
        from datetime import datetime
    return datetime


def six(flag):
    if flag:
        import os
    else:
        os = None
    return os, [count for count in range(3)]
