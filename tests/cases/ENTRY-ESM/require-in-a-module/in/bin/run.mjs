const fs = require("fs");
fs.mkdirSync(".state", { recursive: true });
