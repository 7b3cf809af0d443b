VOLUME = ["--volume", "proxy-config:/home/edge-proxy/.config/edge-proxy"]
APPS = "/home/edge-proxy/.apps"
