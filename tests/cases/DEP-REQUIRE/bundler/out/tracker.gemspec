Gem::Specification.new do |spec|
  spec.name = "tracker"
  spec.version = "1.0.0"
  spec.summary = "x"
  spec.authors = ["x"]
  spec.license = "MIT"
  spec.files = Dir["lib/**/*"]
  spec.add_dependency "thor"
end
