const fs = require('fs');

function stop(file) {
  const pid = parseInt(fs.readFileSync(file, 'utf8'), 10);
  process.kill(pid, 'SIGTERM');
}

module.exports = { stop };
