import click

@click.command()
@click.version_option("2.1.0")
def main():
    pass
