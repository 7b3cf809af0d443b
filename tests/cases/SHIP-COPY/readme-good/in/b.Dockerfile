FROM python:3.12-slim
WORKDIR /app
COPY pyproject.toml ./
RUN pip install httpx==1.0
COPY . .
