"""Install."""

VERSION = "1.4.2"
SCHEMA_VERSION = "1.0.0"
