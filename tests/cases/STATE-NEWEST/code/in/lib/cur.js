const fs = require('fs')
const path = require('path')
const DIR = path.join(require('os').homedir(), '.tracker', 'sessions')
exports.current = () => {
  const files = fs.readdirSync(DIR).map(f => path.join(DIR, f))
  files.sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)
  return files[0]
}
