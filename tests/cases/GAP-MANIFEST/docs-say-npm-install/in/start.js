const express = require('express');
const fs = require('fs');
const own = require('./own');
express().listen(fs.existsSync('x') ? own : 1);
