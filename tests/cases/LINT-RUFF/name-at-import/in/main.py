import store

print(store.STATE)
