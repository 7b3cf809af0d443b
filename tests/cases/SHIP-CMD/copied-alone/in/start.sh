#!/bin/sh
exec python3 /usr/local/lib/ticket.py
