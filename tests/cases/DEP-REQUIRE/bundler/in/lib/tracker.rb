require "thor"
require_relative "tracker/run"
