print(open("routes.yaml").read())
