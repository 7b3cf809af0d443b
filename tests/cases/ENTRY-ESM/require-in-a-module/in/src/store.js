import { join } from "node:path";

export function save(index) {
  const { writeFileSync } = require("node:fs");
  writeFileSync(join(__dirname, "index.json"), JSON.stringify(index));
}
