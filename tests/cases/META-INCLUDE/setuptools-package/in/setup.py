from setuptools import setup

setup(
    name="tracker",
    version="1.0",
    license="MIT",
    packages=["tracker", "tracker.store"],
)
