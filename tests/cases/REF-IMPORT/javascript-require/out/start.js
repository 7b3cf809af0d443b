const path = require('path');
const Receiver = require('./lib/core/receiver');
new Receiver(path);
