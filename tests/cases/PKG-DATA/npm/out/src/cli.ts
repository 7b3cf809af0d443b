import path from 'node:path';
const script = path.join(__dirname, '../../setup.sh');
const page = path.join(__dirname, '../templates/page.html');
const own = path.join(__dirname, '../assets/x.txt');
const pkg = path.join(__dirname, '../package.json');
export { script, page, own, pkg };
