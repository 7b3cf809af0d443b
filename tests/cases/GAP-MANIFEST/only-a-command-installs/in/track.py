import watchdog

print(watchdog)
