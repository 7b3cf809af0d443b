require "bundler"
require "thor"
require_relative "tracker/run"
