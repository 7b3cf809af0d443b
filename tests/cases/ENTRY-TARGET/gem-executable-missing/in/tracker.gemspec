Gem::Specification.new do |spec|
  spec.name = "tracker"
  spec.version = "1.0.0"
  spec.license = "MIT"
  spec.bindir = "exe"
  spec.executables = ["tracker", "tracker-old"]
end
