FROM python:3.12-slim
WORKDIR /app
COPY pyproject.toml ./
RUN touch README.md && pip install .
COPY . .
