const http = require('http')
const { spawn } = require('child_process')
const server = http.createServer((req, res) => {
  let body = ''
  req.on('data', d => { body += d })
  req.on('end', () => { spawn('claude', ['-p', body]); res.end('ok') })
})
server.listen(7777)
