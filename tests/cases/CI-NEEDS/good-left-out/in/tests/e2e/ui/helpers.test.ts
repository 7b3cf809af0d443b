import { spawn } from "node:child_process";
spawn("node", ["dist/index.js"]);
