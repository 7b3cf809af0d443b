#!/usr/bin/env bash
grep -q 'start|stop)' bin/ops
