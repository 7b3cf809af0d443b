if defined?(Bundler)
  Bundler.with_unbundled_env { system("x") }
end
