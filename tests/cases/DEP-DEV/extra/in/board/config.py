import yaml

X = yaml.safe_load("a: 1")
