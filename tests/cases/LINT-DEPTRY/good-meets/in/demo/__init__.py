import itsdangerous

__all__ = ["itsdangerous"]
