Gem::Specification.new do |spec|
  spec.name = "tracker"
  spec.version = "1.0.0"
  spec.files = ["lib/tracker.rb"]
end
