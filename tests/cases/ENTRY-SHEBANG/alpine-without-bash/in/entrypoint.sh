#!/bin/bash
exec node server.js
