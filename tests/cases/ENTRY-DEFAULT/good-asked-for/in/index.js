const Agent = require('./lib/agent.mjs');

console.log(new Agent.default().run());
