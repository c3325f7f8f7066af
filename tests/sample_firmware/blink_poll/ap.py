from machine import Pin, Timer
import network
import select
import socket
import sys
import time

led = Pin("LED", Pin.OUT)
heartbeat = Timer()
sweep = Timer()
blinks = 0
clients = {}

def tick(timer):
    global blinks
    led.toggle()
    blinks += 1
    if blinks % 5 == 0:
        print("blinked", blinks, "times")

def forget_silent(timer):
    for who in list(clients):
        if time.ticks_diff(time.ticks_ms(), clients[who]) > 3000:
            del clients[who]
            print("gone:", who)

ap = network.WLAN(network.AP_IF)
ap.config(essid="KitchenPico", password="secret-sauce")
ap.active(True)
while not ap.active():
    pass

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", 7000))
sock.setblocking(False)
poller = select.poll()
poller.register(sock, select.POLLIN)
poller.register(sys.stdin, select.POLLIN)

heartbeat.init(freq=2, mode=Timer.PERIODIC, callback=tick)
sweep.init(period=500, mode=Timer.PERIODIC, callback=forget_silent)
print("AP ready")

while True:
    for obj, event in poller.poll(1000):
        if obj is sys.stdin:
            print("you typed", repr(sys.stdin.readline().strip()), "after", blinks, "blinks")
        elif event & select.POLLIN:
            msg, addr = obj.recvfrom(64)
            if addr[0] not in clients:
                print("new:", addr[0])
            clients[addr[0]] = time.ticks_ms()
