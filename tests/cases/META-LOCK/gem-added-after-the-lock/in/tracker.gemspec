Gem::Specification.new do |spec|
  spec.name = "tracker"
  spec.version = "1.0.0"
  spec.license = "MIT"
  spec.add_dependency "thor", "~> 1.3"
  spec.add_dependency "zeitwerk", "~> 2.7"
end
