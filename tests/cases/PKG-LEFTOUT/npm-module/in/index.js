const { count } = require('./lib/count');

module.exports = { count };
