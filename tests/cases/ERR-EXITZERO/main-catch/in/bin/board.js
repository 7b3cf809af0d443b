#!/usr/bin/env node
async function main() {
  await fetch("http://localhost:1");
}
main().catch(console.error);
