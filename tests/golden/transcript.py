"""Talks to a server on numbered connections and writes down every frame, both ways."""

import socket

import wire

ANSWER_LIMIT = 20.0


class Transcript:
    def __init__(self, port, title):
        self.port = port
        self.exchanges = 0
        self.lines = [f"; {line.strip()}".rstrip() for line in title.strip().splitlines()]
        self.sockets = {}
        self.xids = {}

    def text(self):
        return "\n".join(self.lines) + "\n"

    def disconnect(self):
        for connection in self.sockets.values():
            connection.close()

    # -- one exchange ------------------------------------------------------------------------------------------------

    def begin(self, name):
        self.exchanges += 1
        self.lines += ["", f"# {name}"]

    def note(self, connection, what):
        self.lines.append(what if connection == 1 else f"@{connection} {what}")

    def send(self, connection, data):
        if connection not in self.sockets:
            self.sockets[connection] = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_LIMIT)
        self.note(connection, f"> {data.hex()}")
        self.sockets[connection].sendall(data)

    def receive(self, connection):
        """One frame, or None when the server has closed the connection."""
        head = self.read_exactly(connection, 4)
        if head is None:
            self.sockets.pop(connection).close()
            self.note(connection, "closed")
            return None
        data = head + self.read_exactly(connection, int.from_bytes(head, "big"))
        self.note(connection, f"< {data.hex()}")
        return data

    def read_exactly(self, connection, size):
        data = b""
        while len(data) < size:
            try:
                piece = self.sockets[connection].recv(size - len(data))
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            data += piece
        return data

    # -- what scenarios say ------------------------------------------------------------------------------------------

    def connect(self, connection=1, name="connect", **fields):
        """Sends a connect request; the answer is (session id, password), or None when the server closed instead."""
        self.begin(name)
        self.send(connection, wire.connect_request(**fields))
        answer = self.receive(connection)
        return answer and wire.session_of(answer)

    def call(self, name, operation, body=b"", connection=1, xid=None, error=0, closed=False):
        """One request and its reply, with the notifications that come first. The reply must carry `error`."""
        if xid is None:
            xid = self.xids[connection] = self.xids.get(connection, 0) + 1
        code = wire.OPCODES[operation] if isinstance(operation, str) else operation
        self.begin(name)
        self.send(connection, wire.frame(wire.i32(xid) + wire.i32(code) + body))
        reply = self.receive(connection)
        while reply is not None and wire.reply_xid(reply) == wire.NOTIFICATION_XID:
            reply = self.receive(connection)
        if reply is None or wire.reply_error(reply) != error:
            raise RuntimeError(f"{name}: wanted error {error}, got {reply and wire.reply_error(reply)}")
        if closed:
            self.expect_closed(connection)
        return reply

    def raw(self, name, data, connection=1):
        """Bytes that are no proper request. The server closes the connection, or answers with what is returned."""
        self.begin(name)
        self.send(connection, data)
        return self.receive(connection)

    def expect_event(self, connection):
        """A notification caused by the last exchange of another connection."""
        data = self.receive(connection)
        if data is None or wire.reply_xid(data) != wire.NOTIFICATION_XID:
            raise RuntimeError(f"connection {connection}: wanted a notification")

    def expect_closed(self, connection):
        if self.receive(connection) is not None:
            raise RuntimeError(f"connection {connection} should be closed")

    def drop(self, connection):
        """The client closes its socket without a word; the session lives on."""
        self.begin(f"drop_{connection}")
        self.note(connection, "drop")
        self.sockets.pop(connection).close()

    def ping(self, name="ping", connection=1):
        return self.call(name, "ping", connection=connection, xid=wire.PING_XID)
