const path = require('path');
const Receiver = require('./core/receiver');
new Receiver(path);
