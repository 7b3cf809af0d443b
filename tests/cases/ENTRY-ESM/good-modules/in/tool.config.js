module.exports = { plugins: [require("x")] };
