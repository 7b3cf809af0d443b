import os

A = os.environ.get("BUS_PASSWORD", "")
B = os.environ.get("DB_PASSWORD", "postgres")
C = os.environ.get("API_TOKEN", "your-token-here-1234567")
D = os.environ.get("TOKEN_FILE", "/run/secrets/token-0123456789")
