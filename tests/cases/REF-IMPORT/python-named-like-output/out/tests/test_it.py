from pathlib import Path


def test_it(tmp_path):
    open('x/__init__.py', 'w').close()
