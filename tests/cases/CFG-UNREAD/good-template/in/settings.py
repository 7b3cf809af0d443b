class Settings:
    workers: int = 4
