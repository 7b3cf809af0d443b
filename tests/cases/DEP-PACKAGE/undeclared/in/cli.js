#!/usr/bin/env node
import chalk from 'chalk';
import fs from 'fs-extra';
fs.ensureDirSync(chalk.red('x'));
