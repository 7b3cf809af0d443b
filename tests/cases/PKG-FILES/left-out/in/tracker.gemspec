Gem::Specification.new do |spec|
  spec.name = "tracker"
  spec.version = "1.0.0"
  spec.summary = "x"
  spec.authors = ["x"]
  spec.license = "MIT"
  spec.files = `git ls-files -z`.split("\x0").reject { |f| f.start_with?("test/", "lib/other") }
  spec.add_dependency "thor"
end
