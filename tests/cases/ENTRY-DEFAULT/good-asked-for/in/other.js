const Plan = require('./lib/plan');

new Plan();
