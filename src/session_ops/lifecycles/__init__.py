"""Beside phase 2: tracker logs become events, sessions, charts and anomalies."""
