import { readFileSync } from "node:fs";
import { join } from "node:path";

export function prompt(name: string): string {
  return readFileSync(join(__dirname, "../../prompts", `${name}.md`), "utf8");
}
