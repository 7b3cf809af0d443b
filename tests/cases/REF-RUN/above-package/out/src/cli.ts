#!/usr/bin/env node
import path from "node:path";
import fs from "node:fs";

const script = path.join(__dirname, "../worktrees.sh");
if (fs.existsSync(script)) {
  console.log(script);
}
