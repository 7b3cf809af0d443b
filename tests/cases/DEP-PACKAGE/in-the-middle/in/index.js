const chalk = require('chalk');
const mime = require('mime');
const { WebSocket } = require('ws');

module.exports = { chalk, mime, WebSocket };
