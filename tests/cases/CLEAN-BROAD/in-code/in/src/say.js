const { spawn } = require("node:child_process");
spawn("pkill", ["-9", "-f", "node"], { stdio: "ignore" });
