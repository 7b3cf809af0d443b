"""Report."""

from .charts import bar

print(bar())
