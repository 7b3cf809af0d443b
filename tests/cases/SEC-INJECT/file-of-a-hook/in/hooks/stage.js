const { execSync } = require("child_process");
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
function stage(filePath) {
  execSync(`git add "${filePath}"`);
}
stage(input.tool_input.file_path);
