#!/usr/bin/env node
require.resolve(`@acme/tracker-${process.platform}-${process.arch}`);
