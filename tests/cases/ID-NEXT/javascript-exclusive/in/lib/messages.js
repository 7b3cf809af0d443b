const fs = require('fs');
const path = require('path');

function send(box, text) {
  const number = fs.readdirSync(box).length + 1;
  fs.writeFileSync(path.join(box, `${number}.json`), JSON.stringify({ text }), { flag: 'wx' });
}

module.exports = { send };
