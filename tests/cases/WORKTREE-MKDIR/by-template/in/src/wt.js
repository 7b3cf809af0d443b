#!/usr/bin/env node
const fs = require('fs')
function createWorktree(name) {
  fs.mkdirSync(`worktrees/${name}`, { recursive: true })
  console.log(`created git worktree ${name}`)
}
createWorktree(process.argv[2])
