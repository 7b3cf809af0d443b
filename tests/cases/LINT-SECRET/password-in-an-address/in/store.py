DATABASE = "postgresql://tracker:8fK2mQ9xVt@db.internal.acme.io/sessions"
