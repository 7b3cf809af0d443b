import * as fs from 'node:fs';

function readJson(file: string): any {
  if (!fs.existsSync(file)) return {};
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

function writeJson(file: string, data: any): void {
  fs.writeFileSync(file, JSON.stringify(data, null, 2));
}

const target = process.argv[2];
const settings = readJson(target);
settings.permissions = { allow: ['Bash(ls)'] };
writeJson(target, settings);
