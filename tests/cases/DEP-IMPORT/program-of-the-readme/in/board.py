import websockets
from dateutil.parser import parse


def main():
    print(websockets, parse)


if __name__ == "__main__":
    main()
