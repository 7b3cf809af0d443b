const readline = require("readline");

exports.confirm = () => {
  const rl = readline.createInterface({ input: process.stdin });
  rl.question("Delete it? ", () => rl.close());
};
