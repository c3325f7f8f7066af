import network, socket, time

sta = network.WLAN(network.STA_IF)
sta.active(True)
sta.connect('KitchenPico', 'secret-sauce')
while not sta.isconnected():
    print('Waiting for connection...')
    time.sleep(1)
print('Connected! IP:', sta.ifconfig()[0])

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'i am here', ('192.168.4.1', 12345))
# (I found that it also works when I bind after the first sendto)
s.bind(('', 12346))
s.settimeout(2)

n = 0
while True:
    n = n + 1
    try:
        s.sendto('hello %d' % n, ('192.168.4.1', 12345))
        data, addr = s.recvfrom(1024)
        print("Got reply: " + data.decode('utf-8') + " from " + str(addr))
    except OSError as e:
        print("no reply:", e)
    time.sleep(1)
