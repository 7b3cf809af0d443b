puts JSON.dump({})
puts SecureRandom.hex
