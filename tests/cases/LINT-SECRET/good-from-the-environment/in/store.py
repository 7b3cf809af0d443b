import os

DATABASE = f"postgresql://tracker:{os.environ['PGPASSWORD']}@db.internal.acme.io/sessions"
LOCAL = "postgresql://tracker:tracker1@localhost/sessions"
