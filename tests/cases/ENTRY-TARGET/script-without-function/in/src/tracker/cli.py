def main(verbose=False):
    if vars().get("verbose") or locals()["verbose"]:
        print("main")
    return 0
