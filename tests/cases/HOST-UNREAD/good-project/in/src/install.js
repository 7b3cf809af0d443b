import fs from 'fs';
import path from 'path';
const FILE = path.join(process.cwd(), '.claude', 'settings.local.json');
fs.writeFileSync(FILE, '{}');
