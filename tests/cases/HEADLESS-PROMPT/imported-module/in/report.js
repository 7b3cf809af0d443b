const { confirm } = require("./lib/ask.js");

console.log("nothing is asked", confirm);
