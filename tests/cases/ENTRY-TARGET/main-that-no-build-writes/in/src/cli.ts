#!/usr/bin/env node
export const version = "1.0.0";
