import network
import socket
import time

from machine import Pin

led = Pin(15, Pin.OUT)

html = """<!DOCTYPE html>
<html>
    <head> <title>Pico W</title> </head>
    <body> <h1>Pico W</h1>
        <p>%s</p>
    </body>
</html>
"""

ap = network.WLAN(network.AP_IF)
ap.config(essid='KitchenPico', password='secret-sauce')
ap.active(True)
while not ap.active():
    time.sleep(1)

# Open socket
addr = socket.getaddrinfo('0.0.0.0', 80)[0][-1]

s = socket.socket()
s.bind(addr)
s.listen(1)

print('listening on', addr)

stateis = "LED is OFF"

# Listen for connections
while True:
    try:
        cl, addr = s.accept()
        print('client connected from', addr)
        cl_file = cl.makefile('rwb', 0)
        request = cl_file.readline()
        while True:
            line = cl_file.readline()
            if not line or line == b'\r\n':
                break
        request = str(request)
        print(request)

        led_on = request.find('/light/on')
        led_off = request.find('/light/off')

        if led_on == 6:
            print("led on")
            led.value(1)
            stateis = "LED is ON"

        if led_off == 6:
            print("led off")
            led.value(0)
            stateis = "LED is OFF"

        response = html % stateis

        cl.send('HTTP/1.0 200 OK\r\nContent-type: text/html\r\n\r\n')
        cl.send(response)
        cl.close()

    except OSError as e:
        cl.close()
        print('connection closed')
