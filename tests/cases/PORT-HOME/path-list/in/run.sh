#!/usr/bin/env bash
export PATH=$PATH:/home/marta/bin
