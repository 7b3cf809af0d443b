#!/usr/bin/env bash
file="$1"
node - <<EOF
const fs = require("fs");
console.log(fs.readFileSync('$file', "utf8"));
EOF
