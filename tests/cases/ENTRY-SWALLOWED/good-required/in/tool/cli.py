import click


@click.group()
@click.argument("name")
def main(name):
    click.echo(name)


@main.command("list")
def show():
    click.echo("nothing yet")
