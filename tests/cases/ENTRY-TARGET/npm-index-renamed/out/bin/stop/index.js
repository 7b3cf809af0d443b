#!/usr/bin/env node
console.log("stop");
