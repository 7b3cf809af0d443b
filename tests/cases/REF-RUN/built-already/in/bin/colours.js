#!/usr/bin/env node
console.log("red");
