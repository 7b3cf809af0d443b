import pytest
import requests
