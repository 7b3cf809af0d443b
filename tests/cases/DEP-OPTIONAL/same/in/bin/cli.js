#!/usr/bin/env node
const NAME = "tracker";
const PACKAGES = {
  "linux-x64": `${NAME}-linux-x64`,
  "darwin-arm64": `${NAME}-darwin-arm64`,
};
require.resolve(PACKAGES[`${process.platform}-${process.arch}`]);
