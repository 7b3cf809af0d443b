const total = require('./total.js');
module.exports = total;
