#!/usr/bin/env python3
"""Checks which folder may include what, and that time, chance and threads stay at the edge (doc/architecture.md).

Prints file:line for each fault; exit code 1 if there are any. check_layers.py --arrows prints the table of
doc/architecture.md.
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# Room in src/ -> the rooms it may include. Every room may include itself, a room within it, and util. The longest name
# that fits a file is its room. doc/architecture.md shows this table.
ROOMS = {
    "util": [],
    "proto": [],
    "loop": [],
    "future": [],
    "task": ["future", "loop"],
    "session": ["proto"],
    "server": ["proto"],
    "client": ["session", "proto", "task", "future", "loop"],
    "client/requests": ["client", "session", "proto", "task", "future", "loop"],
    "client/composed": ["client/requests", "client", "task", "future", "loop"],
    "recipe": ["client/composed", "client", "task", "future", "loop"],
    "recipe/parts": ["recipe"],
    "recipe/lock": ["recipe/parts", "recipe"],
    "recipe/leader": ["recipe/parts", "recipe"],
    "recipe/group": ["recipe/parts", "recipe"],
    "recipe/watch": ["recipe/parts", "recipe"],
    "recipe/counter": ["recipe/parts", "recipe"],
    "recipe/queue": ["recipe/parts", "recipe"],
    "recipe/barrier": ["recipe/parts", "recipe"],
    "net": ["loop"],
    "testing": [],
    "testing/sim": ["server", "proto", "loop"],
    "testing/embedded": ["testing", "server", "proto", "net"],
    "testing/gate": ["testing", "net"],
    "testing/real": ["testing", "testing/gate", "net"],
}

# The headers of a room that others may include; of rooms that are not named here, all.
FACES = {
    "session": {"session.hpp", "counters.hpp", "request.hpp", "watcher.hpp", "host_list.hpp", "window.hpp"},
    "server": {"server.hpp", "ensemble.hpp"},
    "client": {"core.hpp", "handle.hpp", "callback_line.hpp", "client_access.hpp", "chroot.hpp", "blocking.hpp", "certainty_claim.hpp", "listener.hpp"},
    "client/requests": {"convert.hpp", "create.hpp", "taken_transaction.hpp"},
    "net": {"asio.hpp", "blocked_signals.hpp", "tls_engine.hpp", "tls_use.hpp"},
}

# What is reached through other headers is use, too: a namespace is open to those who may include its room, ...
NAMESPACES = re.compile(r"(?<![\w:])(session|proto|server|net)::(?=\w)")
# ... and these parts of the core to the client alone.
CORE_PARTS = re.compile(r"(?<!~)\b(driver|queue)\(\)")

# Public headers without behaviour of the client; rooms below the client may include these alone.
VALUES = {"types", "child_names", "acl", "error", "path", "log", "retry", "export", "version", "options", "time_limit", "tls", "sasl", "detail/ref", "create_mode", "servers", "metrics"}
BELOW_CLIENT = {"util", "proto", "session", "server"}
# Headers for users with a library of their own; not held to the standard library.
ADAPTERS = {"include/kazoo/asio.hpp", "include/kazoo/boost_asio.hpp"}

STANDARD = set(
    """algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits
    clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint
    cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream
    functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
    memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore
    set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view strstream
    syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray
    variant vector version""".split()
)

# What is included with <> -> the files that may do so (patterns on the path from the top).
RESTRICTED = [
    (r"asio([./]|$)|boost/asio", r"src/net/|src/testing/embedded/|include/kazoo/(boost_)?asio\.hpp$|tests/|bench/|examples/[^/]*asio"),
    (r"openssl/", r"src/net/|src/testing/embedded/|src/util/digest\.cpp$|tests/|bench/"),
    (r"sasl/|gssapi/|zookeeper/", r"src/net/|bench/"),
    (r"sys/socket\.h|netinet/|arpa/|netdb\.h|poll\.h|sys/un\.h", r"src/net/|src/testing/|tools/|tests/|bench/|examples/12_prometheus"),
    (
        r"sys/(epoll|prctl|eventfd|timerfd|signalfd)\.h|linux/",
        r"src/net/|src/testing/real/|tools/|tests/|bench/",
    ),
]

# Words of the edge, in code but not in comments.
WORDS = re.compile(
    r"(::now\s*\(|\brandom_device\b|\bstd::j?thread\b(?!::id)|\bsleep(_for|_until)?\s*\(|\b(u|nano)sleep\s*\(|\bclock_gettime\b)"
)
WORDS_ALLOWED = re.compile(r"src/(net|testing)/|include/kazoo/detail/until\.hpp$|include/kazoo/testkit/|tools/|bench/|tests/(shared|integration|real|install|fuzz)/")
# Unit and simulated tests may use threads, to try what is meant for many of them; never time or chance.
THREADS_ALLOWED = re.compile(r"tests/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def without_comments(text):
    """Blanks comments out and keeps line numbers; string literals are kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0]), text)


def sources():
    for folder in ("include", "src", "tools", "examples", "tests", "bench"):
        for path in sorted((TOP / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                yield path.relative_to(TOP).as_posix()


def room_of(file):
    """The room of a file in src; a folder that is none is returned as it is."""
    if not file.startswith("src/"):
        return None
    name = file[len("src/") :]
    fitting = [r for r in ROOMS if name == r or name.startswith(r + "/")]
    return max(fitting, key=len) if fitting else name.rpartition("/")[0]


def resolve(file, name):
    """The file that #include "name" means, as a path from the top; None if it is not ours."""
    for base in (Path(file).parent, Path("src"), Path("tests")):
        candidate = (TOP / base / name).resolve()
        if candidate.is_file() and TOP in candidate.parents:
            return candidate.relative_to(TOP).as_posix()
    return None


def public_header_fault(file, quote, name):
    if quote == '"':
        return f'a public header includes "{name}": write <kazoo/...>'
    if file in ADAPTERS:
        return None
    if name.startswith("kazoo/"):
        if not file.startswith("include/kazoo/testkit/") and name.startswith("kazoo/testkit/"):
            return f"the library's headers do not know the testing kit: <{name}>"
        if name == "kazoo/kazoo.hpp":
            return "the umbrella header is for users only"
        return None
    return None if name in STANDARD else f"a public header includes <{name}>, which is not of the standard library"


def room_fault(file, room, quote, name):
    if room not in ROOMS:
        return f"src/{room} is no room of the house"
    if quote == "<":
        match = re.fullmatch(r"kazoo/(.+)\.hpp", name)
        if not match:
            return None
        if match[1] == "kazoo":
            return "the umbrella header is for users only"
        if room in BELOW_CLIENT and match[1] not in VALUES:
            return f"src/{room} includes <{name}>, which is not a value header"
        if not room.startswith("testing") and match[1].startswith("testkit/"):
            return f"src/{room} includes <{name}>"
        return None
    target = resolve(file, name)
    other = room_of(target) if target else None
    if other is None:
        return f'"{name}" is in no room of src'
    face = FACES.get(other)
    if other != room and face is not None and target[len(f"src/{other}/") :] not in face:
        return f"{name} is private to src/{other}"
    if other == room or other == "util" or other in ROOMS[room]:
        return None
    return f"src/{room} includes src/{other}: {name}"


def use_fault(file, line):
    room = room_of(file)
    if room is None or room not in ROOMS:
        return None
    for found in NAMESPACES.finditer(line):
        if found[1] != room and found[1] not in ROOMS[room]:
            return f"src/{room} uses {found[1]}::"
    if not room.startswith("client") and CORE_PARTS.search(line):
        return f"{CORE_PARTS.search(line)[0]} of the core is private to src/client"
    return None


def user_fault(file, quote, name):
    """tools and examples see what a user sees."""
    if quote == "<":
        return None
    target = resolve(file, name)
    folder = file.split("/")[0]
    return None if target and target.startswith(folder + "/") else f'{folder} includes "{name}": use <kazoo/...>'


def include_fault(file, quote, name):
    top = file.split("/")[0]
    fault = None
    if top == "include":
        fault = public_header_fault(file, quote, name)
    elif top == "src":
        fault = room_fault(file, room_of(file), quote, name)
    elif top in ("tools", "examples"):
        fault = user_fault(file, quote, name)
    if not fault and quote == "<":
        for pattern, allowed in RESTRICTED:
            if re.match(pattern, name) and not re.match(allowed, file):
                fault = f"<{name}> has no place here"
    return fault


def word_fault(file, line):
    if WORDS_ALLOWED.match(file):
        return None
    for found in WORDS.finditer(line):
        if not ("thread" in found[0] and THREADS_ALLOWED.match(file)):
            return f"{found[0].strip(' (')} belongs to net, testing, tools and bench"
    return None


def circles(graph):
    """The include circles of the graph, each once, as lists of files."""
    state, found = {}, []

    def visit(file, trail):
        state[file] = "open"
        for target in graph.get(file, ()):
            if state.get(target) == "open":
                found.append(trail[trail.index(target) :] + [target])
            elif target not in state:
                visit(target, trail + [target])
        state[file] = "done"

    for file in graph:
        if file not in state:
            visit(file, [file])
    return found


def arrows():
    return "\n".join(f"{room:<17} → {', '.join(sees) or 'util'}" for room, sees in ROOMS.items() if room != "util")


def main():
    if sys.argv[1:] == ["--arrows"]:
        return print(arrows()) or 0
    faults, graph, count = [], {}, 0
    if arrows() not in (TOP / "doc/architecture.md").read_text():
        faults.append("doc/architecture.md:1: its arrows are not those of check_layers.py --arrows")
    for file in sources():
        count += 1
        graph[file] = []
        text = without_comments((TOP / file).read_text())
        for number, line in enumerate(text.split("\n"), 1):
            include = INCLUDE.match(line)
            fault = include_fault(file, *include.groups()) if include else word_fault(file, line) or use_fault(file, line)
            if fault:
                faults.append(f"{file}:{number}: {fault}")
            if include:
                public = TOP / "include" / include[2]
                target = f"include/{include[2]}" if public.is_file() else resolve(file, include[2])
                if target:
                    graph[file].append(target)
    for circle in circles(graph):
        faults.append(f"{circle[0]}:1: includes itself: {' -> '.join(circle)}")
    print("\n".join(faults) if faults else f"{count} files keep to their rooms")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
