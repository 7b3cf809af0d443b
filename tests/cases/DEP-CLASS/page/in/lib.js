module.exports = 1;
globalThis.Tracker = class {};
