require('./lib.js');
new Tracker();
