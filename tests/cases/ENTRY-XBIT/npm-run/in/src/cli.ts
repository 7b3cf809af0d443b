#!/usr/bin/env bun
console.log(1)
