# Bundler.setup is for tests
puts "Bundler.setup"
Bundler.with_unbundled_env { system("x") }
