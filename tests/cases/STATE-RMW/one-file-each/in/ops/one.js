const fs = require("fs");

function finish(id) {
  const file = `state/sessions/${id}/session.json`;
  const data = JSON.parse(fs.readFileSync(file, "utf8"));
  data.status = "done";
  fs.writeFileSync(file, JSON.stringify(data));
}
