import click
import yaml
from fastapi.templating import Jinja2Templates
