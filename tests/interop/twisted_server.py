"""A shell on Twisted's Telnet: asks for a name and a password, then runs each line with sh.

Arguments: the port on 127.0.0.1, the name, the password.
"""

import sys

from twisted.conch import telnet
from twisted.cred import checkers, portal
from twisted.internet import protocol, reactor, utils
from zope.interface import implementer


class Shell(telnet.StatefulTelnetProtocol):
    state = "Command"

    def connectionMade(self):
        self.transport.write(b"Welcome\n")
        self.prompt()

    def prompt(self):
        self.transport.write(b"twisted> ")

    def telnet_Command(self, line):
        if line.strip() == b"exit":
            self.transport.write(b"Bye\n")
            self.transport.loseConnection()
            return
        running = utils.getProcessOutput("/bin/sh", ["-c", line], errortoo=True)
        running.addCallback(self.show)

    def show(self, output):
        self.transport.write(output)
        self.prompt()


@implementer(portal.IRealm)
class Realm:
    def requestAvatar(self, name, mind, *interfaces):
        return telnet.ITelnetProtocol, Shell(), lambda: None


def main():
    port, name, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    users = checkers.InMemoryUsernamePasswordDatabaseDontUse(**{name: password.encode()})
    door = portal.Portal(Realm(), [users])
    factory = protocol.ServerFactory()
    factory.protocol = lambda: telnet.TelnetTransport(telnet.AuthenticatingTelnetProtocol, door)
    reactor.listenTCP(port, factory, interface="127.0.0.1")
    reactor.run()


main()
