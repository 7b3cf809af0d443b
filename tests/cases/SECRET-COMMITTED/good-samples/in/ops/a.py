KEY = "AKIAIOSFODNN7EXAMPLE"
PATTERN = r"ghp_[A-Za-z0-9]{36}"
FAKE = "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
