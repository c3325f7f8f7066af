import machine
import network
import rp2
import socket
import time

rp2.country('DE')

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.config(pm=0xa11140)
wlan.connect("KitchenPico", "secret-sauce")

# Wait for connect or fail
max_wait = 10
while max_wait > 0:
    if wlan.status() < 0 or wlan.status() >= 3:
        break
    max_wait -= 1
    print('waiting for connection...')
    time.sleep(1)

# Handle connection error
if wlan.status() != 3:
    print('network connection failed, resetting')
    time.sleep(1)
    machine.reset()

status = wlan.ifconfig()
print('connected, ip = ' + status[0])

button = machine.Pin(15, machine.Pin.IN, machine.Pin.PULL_UP)
sensor = machine.ADC(4)
conversion_factor = 3.3 / 65535

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
while True:
    temperature = 27 - (sensor.read_u16() * conversion_factor - 0.706) / 0.001721
    if not button.value():
        print('button pressed')
    s.sendto('%.1f' % temperature, ('192.168.4.255', 7000))
    print('temperature %.1f C' % temperature)
    time.sleep(0.5)
