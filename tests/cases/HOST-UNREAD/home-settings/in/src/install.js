import fs from 'fs';
import os from 'os';
import path from 'path';
const CLAUDE_DIR = path.join(os.homedir(), '.claude');
const FILE = path.join(CLAUDE_DIR, 'settings.local.json');
fs.writeFileSync(FILE, '{}');
