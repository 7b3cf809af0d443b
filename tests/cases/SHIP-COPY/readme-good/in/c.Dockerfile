FROM python:3.12-slim
WORKDIR /app
COPY pyproject.toml .
RUN uv sync --no-install-project
COPY src ./src
RUN uv sync --no-install-project
