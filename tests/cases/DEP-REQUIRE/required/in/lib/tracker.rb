require "bundler"
require_relative "tracker/run"
