from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
print(sorted(MIGRATIONS.iterdir()))
