#!/usr/bin/env node
async function main() {}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
