#!/bin/bash
source lib/config.sh
