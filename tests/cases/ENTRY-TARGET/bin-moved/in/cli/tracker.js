#!/usr/bin/env node
console.log("up");
