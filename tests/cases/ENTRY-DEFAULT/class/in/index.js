const fs = require('fs');
const Agent = require('./lib/agent');

console.log(fs.existsSync('x'), new Agent().run());
