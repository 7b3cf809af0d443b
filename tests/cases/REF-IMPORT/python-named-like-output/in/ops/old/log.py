def start():
    print("start")
