import click

@click.command()
@click.version_option(package_name="trk")
def main():
    pass
