"""Install."""

VERSION = "1.4.1"
SCHEMA_VERSION = "1.0.0"
