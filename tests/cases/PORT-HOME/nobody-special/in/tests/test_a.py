P = "/home/marta/x"
