import network
import socket
import time

ssid = 'KitchenPico'
password = 'secret-sauce'

ap = network.WLAN(network.AP_IF)
ap.config(essid=ssid, password=password)
ap.active(True)

while ap.active() == False:
    pass

print('Connection successful')
print(ap.ifconfig())

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 12345))

while True:
    data, addr = s.recvfrom(1024)
    print('received', data, 'from', addr)
    s.sendto(data.upper(), addr)
