from collections.abc import Callable

from tests.virtual.port.bench import Board
from tests.virtual.port.test_network import ACCESS_POINT, STATION

# A self-signed certificate of "hub", valid from 2026 to 2126, and its private key. The key protects nothing: it was
# made for this test and is used nowhere else. It is text because no library that the tests require makes certificates.
KEY = (
    "MHcCAQEEILPCr9db75vTJh8TqMVwVeiF+JpazKpWij3u/6GLAfJ8oAoGCCqGSM49AwEHoUQDQgAEO+GCl6ik5q79Im7wuLjFJJyo"
    "1JEjx1r/0EoKB8u+bcm1/nsTXhRmYWWSwozl5apxh9lTknfqaqWs1PLFAFTVxw=="
)
CERTIFICATE = (
    "MIIBczCCARmgAwIBAgIUI9fYPdoScGS+biVcpT7d8GVgITgwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDaHViMCAXDTI2MTEyODA4"
    "MjAxOVoYDzIxMjYxMTA0MDgyMDE5WjAOMQwwCgYDVQQDDANodWIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ74YKXqKTmrv0i"
    "bvC4uMUknKjUkSPHWv/QSgoHy75tybX+exNeFGZhZZLCjOXlqnGH2VOSd+pqpazU8sUAVNXHo1MwUTAdBgNVHQ4EFgQU1wF0TCCi"
    "2BxOmuO95m6WvwZB7K8wHwYDVR0jBBgwFoAU1wF0TCCi2BxOmuO95m6WvwZB7K8wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD"
    "AgNIADBFAiBxdaEci3Hd+vBPfDf2LYO5Qr82QtEQimlQe7iAdUdsfQIhAJzTcmQd/m61/H007DgrCo/C+WKuNNVQmz4ZhY85kM7R"
)

PRELUDE = f"""
import machine, tls
from binascii import a2b_base64
machine.RTC().datetime((2027, 1, 1, 4, 0, 0, 0, 0))
certificate = a2b_base64('{CERTIFICATE}')
"""


def test_a_client_verifies_a_server_and_talks_to_it(new_board: Callable[..., Board]) -> None:
    hub, station = new_board(), new_board()
    hub.run(ACCESS_POINT + PRELUDE)
    station.run(STATION + PRELUDE)
    hub.begin(
        f"""
context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, a2b_base64('{KEY}'))
s = socket.socket()
s.bind(('0.0.0.0', 443))
s.listen(1)
c = context.wrap_socket(s.accept()[0], server_side=True)
print(c.readline())
c.write(b'hello\\n')
c.close()
"""
    )
    answer = station.run(
        """
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(certificate)
s = socket.socket()
s.connect(('192.168.4.1', 443))
s = context.wrap_socket(s, server_hostname='hub')
s.write(b'who is there?\\n')
print(s.cipher()[1], s.readline())
"""
    )
    assert answer == "TLSv1.2 b'hello\\n'\n"
    assert hub.end() == "b'who is there?\\n'\n"
