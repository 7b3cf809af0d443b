#!/usr/bin/env node
import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
if (import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  console.log("hello");
}
