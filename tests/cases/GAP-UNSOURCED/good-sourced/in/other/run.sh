#!/bin/bash
. "$D/modules/a.sh"
. "$D/modules/b.sh"
