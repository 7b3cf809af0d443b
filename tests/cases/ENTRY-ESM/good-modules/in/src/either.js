export const load = () => (typeof require === "function" ? require("fs") : null);
