print(open("config.yml").read())
