import network
import time
import socket
import requests

def http_get(url):
    _, _, host, path = url.split('/', 3)
    addr = socket.getaddrinfo(host, 80)[0][-1]
    s = socket.socket()
    s.connect(addr)
    s.send(bytes('GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' % (path, host), 'utf8'))
    page = b''
    while True:
        data = s.recv(100)
        if data:
            page += data
        else:
            break
    s.close()
    return str(page, 'utf8')

sta_if = network.WLAN(network.WLAN.IF_STA)
if not sta_if.isconnected():
    print('connecting to network...')
    sta_if.active(True)
    sta_if.connect('KitchenPico', 'secret-sauce')
    while not sta_if.isconnected():
        pass
print('network config:', sta_if.ipconfig('addr4'))

for path in ('light/on', 'light/off'):
    for line in http_get('http://192.168.4.1/' + path).split('\n'):
        if '<p>' in line:
            print('page:', line.strip())

r = requests.get('http://192.168.4.1/light/on')
print(r.status_code, 'ON' in r.text)
r.close()
