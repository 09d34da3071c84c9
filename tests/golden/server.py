"""One ZooKeeper server with an empty tree, on a free port of 127.0.0.1."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

CONFIGURATION = """\
tickTime=1000
dataDir={folder}/data
admin.enableServer=false
4lw.commands.whitelist=*
maxClientCnxns=0
forceSync=no
extendedTypesEnabled=true
"""

STANDALONE = """\
clientPort={port}
clientPortAddress=127.0.0.1
"""

# An ensemble of one: only ensembles can be reconfigured. Its ports lie in a second file, which the server rewrites.
ENSEMBLE = """\
initLimit=20
syncLimit=10
reconfigEnabled=true
skipACL=yes
standaloneEnabled=false
dynamicConfigFile={folder}/members
"""
MEMBERS = "server.1=127.0.0.1:{quorum}:{election}:participant;127.0.0.1:{port}\n"

JARS = """zookeeper zookeeper-jute slf4j-api slf4j-simple commons-cli commons-io metrics-core snappy-java
    jackson-annotations jackson-core jackson-databind findbugs-annotations netty-buffer netty-codec netty-common
    netty-handler netty-resolver netty-transport netty-transport-native-epoll netty-transport-native-unix-common""".split()

START_LIMIT = 60.0
STOP_LIMIT = 20.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, java, jars, ensemble=False):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="golden-zookeeper-"))
        configuration = self.folder / "zoo.cfg"
        kind = ENSEMBLE if ensemble else STANDALONE
        configuration.write_text((CONFIGURATION + kind).format(folder=self.folder, port=self.port))
        if ensemble:
            (self.folder / "data").mkdir()
            (self.folder / "data" / "myid").write_text("1\n")
            (self.folder / "members").write_text(
                MEMBERS.format(quorum=free_port(), election=free_port(), port=self.port))
        class_path = ":".join(str(jars / f"{jar}.jar") for jar in JARS)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [java, "-Xms16m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path,
             "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(configuration)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        try:
            self.wait_until_serving()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until_serving(self):
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{(self.folder / 'log').read_text()}")
            if b"Mode:" in self.ask(b"srvr"):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start within {START_LIMIT} s")

    def ask(self, word):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
                connection.sendall(word)
                answer = b""
                while piece := connection.recv(4096):
                    answer += piece
                return answer
        except OSError:
            return b""

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)
