"""Reads
/home/marta/x
"""
URL = "https://example.org/home/marta/x"
# "/home/marta/x"
print("/home/marta/x")
