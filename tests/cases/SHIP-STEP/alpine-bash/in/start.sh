#!/bin/sh
exec node -v
