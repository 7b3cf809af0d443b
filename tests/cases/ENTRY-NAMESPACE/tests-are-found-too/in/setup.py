from setuptools import find_packages, setup

setup(
    name="tracker",
    version="1.0",
    license="MIT",
    packages=find_packages(),
)
