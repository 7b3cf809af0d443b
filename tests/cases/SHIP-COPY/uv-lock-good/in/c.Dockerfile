FROM python:3.12
WORKDIR /app
COPY pyproject.toml ./
RUN uv sync --frozen --no-install-project || uv sync --no-install-project
COPY . .
