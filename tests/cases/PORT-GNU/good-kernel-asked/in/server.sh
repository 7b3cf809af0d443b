#!/usr/bin/env bash
kernel=$(uname -r)
apt-get install -y "linux-headers-$kernel"
sed -i 's/a/b/' /etc/server.conf
