import { mkdirSync } from "fs";
import { join } from "path";

export function createWorktrees(root: string, names: string[]) {
  for (const name of names) {
    const worktreePath = join(root, name);
    mkdirSync(worktreePath, { recursive: true });
  }
}
