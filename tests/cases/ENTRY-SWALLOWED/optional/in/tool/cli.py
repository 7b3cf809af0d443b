import click


@click.group(invoke_without_command=True)
@click.argument("task", required=False)
def main(task):
    click.echo(task)


@main.command("list")
def show():
    click.echo("nothing yet")
