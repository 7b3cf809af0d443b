import yaml


def test_it():
    assert yaml.safe_load("a: 1")
