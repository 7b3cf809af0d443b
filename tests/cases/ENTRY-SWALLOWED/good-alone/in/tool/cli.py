import click


@click.group()
def main():
    pass


@main.command("list")
@click.argument("pattern", required=False)
def show(pattern):
    click.echo(pattern)
