TEMPLATE = """
import requests
"""
