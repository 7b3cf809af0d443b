import argparse

p = argparse.ArgumentParser()
p.add_argument("--dry-run", action="store_true")
p.parse_args()
