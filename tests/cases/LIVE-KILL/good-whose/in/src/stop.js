function stop(child) {
  const alive = child.pid;
  process.kill(alive, 'SIGTERM');
}

function look(file) {
  const pid = Number(require('fs').readFileSync(file, 'utf8'));
  process.kill(pid, 0);
}

module.exports = { stop, look };
