"""The game on Twisted's Telnet, which Evennia is built on: python3 bench/game/twisted_server.py TEXTS.json

TEXTS.json has the texts of the rooms with caret codes. Wrapping is textwrap's, which does not know colours; so
the text is wrapped without them and coloured afterwards, as the cheapest right way.
"""
import json
import re
import resource
import sys
import textwrap

from twisted.conch.telnet import StatefulTelnetProtocol, TelnetTransport
from twisted.internet import protocol, reactor, stdio
from twisted.protocols.basic import LineReceiver

ROOM_SIZE = 20
COLOURS = {"r": "31", "G": "1;32", "y": "33", "B": "1;34", "m": "35", "C": "1;36", "c": "36", "~": "0"}
CODE = re.compile(r"\^([rGyBmCc~])")
GMCP = bytes([201])

with open(sys.argv[1]) as file:
    TEXTS = json.load(file)
rooms = []
serial = 0


def colour(text):
    return CODE.sub(lambda match: "\x1b[" + COLOURS[match.group(1)] + "m", text)


def wrap(text, width):
    """Wraps a text with caret codes: the codes go back to the words where they stood."""
    words = text.split(" ")
    lines = textwrap.wrap(" ".join(CODE.sub("", word) for word in words), width)
    place = 0
    result = []
    for line in lines:
        count = len(line.split(" "))
        result.append(" ".join(words[place:place + count]))
        place += count
    return "\r\n".join(colour(line) for line in result)


class Player(StatefulTelnetProtocol):
    state = "Command"

    def connectionMade(self):
        global serial
        serial += 1
        self.name = f"P{serial}"
        self.commands = 0
        room = next((room for room in rooms if len(room) < ROOM_SIZE), None)
        if room is None:
            room = set()
            rooms.append(room)
        self.room = set()
        self.enter(room)
        self.prompt()

    def connectionLost(self, reason):
        self.room.discard(self)

    def enter(self, room):
        self.room.discard(self)
        self.room = room
        room.add(self)
        self.description = TEXTS[rooms.index(room) % len(TEXTS)]

    def text(self, text):
        self.transport.write(text.encode())

    def prompt(self):
        self.text(f"[{self.commands}]> ")
        self.transport._write(b"\xff\xef")

    def look(self):
        self.text(wrap(self.description, 80) + "\r\n")
        vitals = json.dumps({"hp": 100, "maxhp": 100, "mp": 40, "maxmp": 60})
        self.transport.requestNegotiation(GMCP, b"Char.Vitals " + vitals.encode())

    def telnet_Command(self, line):
        self.commands += 1
        line = line.decode()
        if line == "look":
            self.look()
        elif line.startswith("say "):
            self.text(colour("^cYou say:^~ " + line[4:]) + "\r\n")
            heard = colour(f"\r\n^c{self.name} says:^~ {line[4:]}\r\n")
            for other in self.room:
                if other is not self:
                    other.text(heard)
        elif line == "move":
            place = rooms.index(self.room)
            following = rooms[(place + 1) % len(rooms)]
            self.enter(following if len(following) < 2 * ROOM_SIZE else self.room)
            self.look()
        self.prompt()
        return "Command"


class Report(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[1])
        figures = {"cpu": usage.ru_utime + usage.ru_stime, "rss": pages * resource.getpagesize()}
        print(json.dumps(figures), flush=True)


factory = protocol.ServerFactory()
factory.protocol = lambda: TelnetTransport(Player)
port = reactor.listenTCP(0, factory, interface="127.0.0.1", backlog=4096)
print(json.dumps({"plain": port.getHost().port}), flush=True)
stdio.StandardIO(Report())
reactor.run()
