FROM python:3.12-slim
RUN --mount=type=bind,target=. pip install .
