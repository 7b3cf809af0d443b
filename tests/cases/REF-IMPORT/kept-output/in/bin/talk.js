#!/usr/bin/env node
require('../dist/words.js');
require('../dist/ask.js').run();
