import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export const fs = require("node:fs");
