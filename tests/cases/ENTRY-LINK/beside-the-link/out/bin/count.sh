#!/usr/bin/env bash
ls sessions | wc -l
