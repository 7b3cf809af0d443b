const fs = require('fs');
const path = require('path');

function nextMessage(box) {
  const there = fs.readdirSync(box).filter((name) => name.endsWith('.json'));
  return there.length + 1;
}

function send(box, text) {
  const number = nextMessage(box);
  fs.writeFileSync(path.join(box, `${number}.json`), JSON.stringify({ text }));
}

module.exports = { send };
