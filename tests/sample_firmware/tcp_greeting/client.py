import network
import socket
from time import sleep

def connect():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect('KitchenPico', 'secret-sauce')
    while wlan.isconnected() == False:
        print('Waiting for connection...')
        sleep(1)
    ip = wlan.ifconfig()[0]
    print(f'Connected on {ip}')
    return ip

def greet(ip):
    ai = socket.getaddrinfo("192.168.4.1", 1234)
    addr = ai[0][-1]
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        s.connect(addr)
        s.send("I am " + ip)
        ss = str(s.recv(1024), 'utf8')
        print('AP says:', ss)
    except OSError as e:
        print('AP is not there', e.args[0])
    finally:
        s.close()

if __name__ == '__main__':
    ip = connect()
    while True:
        greet(ip)
        sleep(2.5)
