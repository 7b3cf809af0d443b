from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
