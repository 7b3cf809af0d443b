const http = require('http')
const server = http.createServer((req, res) => {
  req.on('data', d => { process.kill(Number(d)) })
})
server.listen(7777, '127.0.0.1')
