#!/bin/sh
grep to config/routes.yaml
