module.exports = require("@fleet/tmux");
