const retry = require('retry');
module.exports = retry.operation();
