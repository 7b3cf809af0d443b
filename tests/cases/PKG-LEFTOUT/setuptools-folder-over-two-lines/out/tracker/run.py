import os


def settings(name):
    return os.path.join(os.path.dirname(os.path.realpath(__file__)),
                        'conf', f'{name}.yaml')
