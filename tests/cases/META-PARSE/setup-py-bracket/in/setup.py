from setuptools import setup

setup(
    name="ledger",
    version="1.0.0",
    packages=["ledger"],
    zip_safe=False,
