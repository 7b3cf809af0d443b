#!/usr/bin/env node
function main() { console.log("hello"); }
if (import.meta.url === `file://${process.argv[1]}`) {
  main();
}
