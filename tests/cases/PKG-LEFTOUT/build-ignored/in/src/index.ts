import "./server.js";
