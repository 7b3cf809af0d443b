from agent.bus import HOST
import socket
socket.create_connection((HOST, 1))
