#!/bin/sh
celery -A tracker worker
