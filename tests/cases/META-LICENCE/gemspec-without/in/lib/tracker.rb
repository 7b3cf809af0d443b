module Tracker; end
