import click

# a Jinja2 template would be nicer
