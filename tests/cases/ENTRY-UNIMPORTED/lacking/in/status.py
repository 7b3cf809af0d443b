import json
import sys


def main():
    name = sys.argv[1]
    state = json.load(open(name))
    if state.get("lock"):
        print(os.path.getmtime(state["lock"]))
    print(state["status"])


if __name__ == "__main__":
    main()
