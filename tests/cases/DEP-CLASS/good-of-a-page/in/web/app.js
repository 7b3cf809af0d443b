import { a } from "./a.js";
document.title = a;
new Terminal();
