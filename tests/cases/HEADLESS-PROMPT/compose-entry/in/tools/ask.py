answer = input("Migrate? ")
print(answer)
