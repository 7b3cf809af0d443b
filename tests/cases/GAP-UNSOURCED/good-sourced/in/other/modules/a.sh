. "$D/modules/c.sh"
