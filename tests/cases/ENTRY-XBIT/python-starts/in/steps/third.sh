#!/bin/sh
echo third
