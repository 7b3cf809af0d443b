import { spawnSync } from "node:child_process";
test("starts", () => {
  expect(spawnSync("node", ["dist/cli.js"]).status).toBe(0);
});
