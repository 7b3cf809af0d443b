import fs from "node:fs";
export function lock(path) {
  for (let i = 0; i < 50; i++) {
    try {
      return fs.openSync(path + ".lock", "wx");
    } catch {
      if (Date.now() - fs.statSync(path + ".lock").mtimeMs > 10000) fs.unlinkSync(path + ".lock");
    }
  }
}
