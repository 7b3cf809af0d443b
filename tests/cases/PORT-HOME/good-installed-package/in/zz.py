print("nothing of /home/marta/x")
