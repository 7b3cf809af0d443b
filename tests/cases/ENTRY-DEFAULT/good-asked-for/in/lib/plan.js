class Plan {}
module.exports = Plan;
