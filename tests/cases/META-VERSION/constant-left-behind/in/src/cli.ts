import { Command } from 'commander';
const PACKAGE_VERSION = '1.1.0';
const PROTOCOL = '2.0.0';
new Command().version(PACKAGE_VERSION).parse();
