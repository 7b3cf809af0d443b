import { prompt } from "./agent/ask";

console.log(prompt("plan"));
