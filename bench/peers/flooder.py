"""`flooder.py PORT RATE SECONDS`: INVITEs of strangers, RATE a second or as many as go; prints how many a second."""

import socket
import sys
import time
from pathlib import Path

SLICE_S = 0.005


def main(port: int, rate: int, seconds: float) -> None:
    invite = (Path(__file__).parent / "invite.sip").read_bytes()
    began, sent = time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * rate:
                door.sendto(invite.replace(b"0c1d2e3f", b"%08x" % sent), ("127.0.0.1", port))
                sent += 1
            time.sleep(SLICE_S)
    print(sent / seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
