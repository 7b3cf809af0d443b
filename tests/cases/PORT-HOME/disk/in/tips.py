#!/media/sam/1TB/hooks/.venv/bin/python3
print("tip")
