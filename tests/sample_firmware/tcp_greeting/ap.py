# AP + TCP server
import usocket as socket
import network
import ubinascii
import machine
import utime
import gc
gc.collect()

led = machine.Pin("LED", machine.Pin.OUT)

ap = network.WLAN(network.AP_IF)
ap.config(ssid="KitchenPico", key="secret-sauce", pm=0xa11140)
ap.active(True)
while not ap.active():
    utime.sleep_ms(100)
mac = ubinascii.hexlify(network.WLAN().config('mac'), ':').decode()
print("mac = " + mac)

addr = socket.getaddrinfo('0.0.0.0', 1234)[0][-1]
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(addr)
s.listen(1)
print('listening on', addr)

while True:
    cl, addr = s.accept()
    led.on()
    print('client connected from', addr)
    data = cl.recv(1024)
    print(f'client says: {data.decode()}')
    cl.send('Hello from the AP, ' + addr[0])
    cl.close()
    led.off()
