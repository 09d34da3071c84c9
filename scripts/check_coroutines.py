#!/usr/bin/env python3
"""Checks coroutines for what g++ 12 compiles wrongly, and for parameters that dangle (doc/architecture.md, "Tasks").

* In a full expression with co_await no lambda with captures and no braces: g++ 12 destroys such temporaries twice, or
  never. They get a name first.
* No co_await in a catch block: it is not possible there.
* Functions that return task<> take no views and no references to constants: a task is lazy, and outlives temporaries.

Prints file:line for each fault; exit code 1 if there are any. Tries itself on the snippets below first.
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
FOLDERS = ("include", "src", "tests", "tools", "examples", "bench")

LAMBDA = "a lambda with captures in a co_await expression: name it first"
BRACES = "braces in a co_await expression: name what they make first"
CATCH = "co_await in a catch block"
DANGLES = "a task is lazy and may outlive this parameter: take it by value"

# Questions of a task about itself: nothing to destroy.
TAGS = re.compile(r"\bthis_(host|scope)\s*\{\}")
OPENING, CLOSING = "([{", ")]}"
BLANKED = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.S)
VIEW = re.compile(r"\bstring_view\b|\bspan\s*<|\b\w+_view\b|\bconst\b[^,]*&|&&")


def blanked(text):
    """Without comments and the insides of literals; every character keeps its place."""

    def blank(match):
        literal = match[0][0] in "\"'R"
        inside = re.sub(r"[^\n]", "_" if literal else " ", match[0])
        return f'"{inside[1:-1]}"' if literal else inside

    return TAGS.sub(lambda m: "_" * len(m[0]), BLANKED.sub(blank, text))


def partners(text):
    """Where the partner of each bracket is."""
    found, open_ones = {}, []
    for i, c in enumerate(text):
        if c in OPENING:
            open_ones.append(i)
        elif c in CLOSING and open_ones:
            found[i] = open_ones.pop()
            found[found[i]] = i
    return found


def is_block(text, brace, partner):
    """Whether this { begins statements, and not an initialiser."""
    before = text[:brace].rstrip()
    if not before or before[-1] in ";{}:":
        return True
    if before[-1] == "]":  # a lambda without parameters, but not new int[2]{…}
        return is_lambda(text, partner.get(len(before) - 1, 0))
    if before[-1] == ")" or re.search(r"\)\s*(const\s*)?&{1,2}$", before):
        return True
    if re.search(r"\b(else|do|try|const|noexcept|mutable|override|final)$", before):
        return True
    return re.search(r"\)[\w\s]*->\s*[\w:<>,\s&*]+$", before[-200:]) is not None


def is_lambda(text, bracket):
    before = text[:bracket].rstrip()
    if text.startswith("[[", bracket) or before.endswith("["):
        return False  # an attribute
    if re.search(r"\b(return|co_return|co_await|co_yield)$", before):
        return True
    if re.search(r"\bauto\s*&{0,2}$", before):
        return False  # a structured binding
    return not before or not re.match(r"[\w)\]\">]", before[-1])


def full_expression(text, at, partner):
    """The range of the full expression around `at`."""
    begin = at
    while begin > 0:
        c = text[begin - 1]
        if c == ";":
            break
        if c in CLOSING:
            start = partner.get(begin - 1, begin - 1)
            if c == "}" and (is_block(text, start, partner) and not re.match(r"\s*[,).(\]]", text[begin:])):
                break
            begin = start
        elif c in OPENING:
            if c == "{" and is_block(text, begin - 1, partner):
                break
            if c == "(" and re.search(r"\b(if|while|for|switch|constexpr)\s*$", text[: begin - 1]):
                break
            begin -= 1
        else:
            begin -= 1
    end = at
    while end < len(text):
        c = text[end]
        if c == ";":
            break
        if c in OPENING:
            end = partner.get(end, end) + 1
        elif c in CLOSING:
            if partner.get(end, 0) < begin:
                break
            end += 1
        else:
            end += 1
    return begin, end


def expression_faults(text, partner):
    for match in re.finditer(r"\bco_await\b", text):
        begin, end = full_expression(text, match.start(), partner)
        at = begin
        while at < end:
            if text[at] == "[" and is_lambda(text, at):
                if text[at + 1 : partner.get(at, at)].strip():
                    yield at, LAMBDA
                body = re.compile(r"[^;{]*").match(text, partner.get(at, at) + 1).end()
                # The body has expressions of its own, unless it is the one that waits.
                inside = body < end and text[body] == "{" and not body < match.start() < partner.get(body, body)
                at = partner[body] if inside else partner.get(at, at)
            elif text[at] == "{" and not is_block(text, at, partner):
                yield at, BRACES
                at = partner.get(at, at)
            at += 1


def catch_faults(text, partner):
    for match in re.finditer(r"\bcatch\s*(\()", text):
        body = text.find("{", partner.get(match.start(1), match.end()))
        for wait in re.finditer(r"\bco_await\b", text[body : partner.get(body, body)]):
            yield body + wait.start(), CATCH


def split(parameters):
    depth, part = 0, ""
    for c in parameters:
        depth += (c in "([{<") - (c in ")]}>")
        if c == "," and depth == 0:
            yield part
            part = ""
        else:
            part += c
    yield part


def parameter_faults(text, partner):
    for match in re.finditer(r"(?<![\w:])(?:(?:kazoo|detail)::)*task\s*<", text):
        depth, end = 1, match.end()
        while end < len(text) and depth > 0:
            depth += (text[end] == "<") - (text[end] == ">")
            end += 1
        trailing = re.search(r"(\))\s*(?:mutable|noexcept|const|\s)*->\s*$", text[: match.start()])
        named = re.compile(r"\s*(?:operator\(\)|[A-Za-z_][\w:]*)\s*(?=\()").match(text, end)
        if trailing:
            close = trailing.start(1)
            begin = partner.get(close, close)
        elif named:
            begin = named.end()
            close = partner.get(begin, begin)
        else:
            continue
        for parameter in split(text[begin + 1 : close]):
            if VIEW.search(parameter):
                yield begin, DANGLES


def faults_of(source):
    text = blanked(source)
    partner = partners(text)
    found = set()
    for find in (expression_faults, catch_faults, parameter_faults):
        for at, what in find(text, partner):
            found.add((text.count("\n", 0, at) + 1, what))
    return sorted(found)


GOOD = r"""
task<int> f(core& c, std::string s, std::vector<int> v);
task<std::optional<std::map<int, int>>> g(pinned_handle zk, lock_node&, std::shared_ptr<const plan> p);
future<T> spawn(task_host& h, const task_options& o, task<T> t);
std::packaged_task<int()> job(const std::string& s);
void h() { task<void> t = f(c); }
task<void> a() {
    auto [x, y] = co_await all_of(b(), c());
    task_host& host = co_await this_host{};
    const auto step = [&] { return d({1, 2}); };
    const auto options = task_options{"x", {}};
    if (!r && co_await again(r.error())) { e({1}); }
    for (auto& r : co_await all_of(std::move(sent))) { f(T{r}); }
    auto one = co_await apply([] { return T(1); });
    values[i] = co_await read(names[i]);
    { scope s{1}; } co_await done();
    co_return co_await repeat(step);
}
const auto l = [&](future<int> f) -> task<int> { co_return co_await std::move(f); };
const auto m = [this]() -> task<void> { co_await x(); };
void n() { run([&]() -> task<void> { co_await x(); }, {1, 2}); }
task<void> o() {
    try { co_await x(); } catch (const error& e) { note({e}); }
    co_await y(); // {not code} [&]
    log("co_await [&] {x}");
}
struct p { task<void> operator()(std::vector<future<int>> f) const; };
"""

BAD = [
    ("task<void> a() { co_await run([x] { return x; }); }", LAMBDA),
    ("task<void> a() { auto r = co_await as_result(repeat([&] { return x; })); }", LAMBDA),
    ("task<void> a() { if (co_await run([this] { return x(); })) co_return; }", LAMBDA),
    ("task<void> a() { use([&] { return 1; }, co_await x()); }", LAMBDA),
    ("task<void> a() { co_await run([=]() -> task<int> { co_return 1; }); }", LAMBDA),
    ("task<void> a() { co_await create({path, data}); }", BRACES),
    ("task<void> a() { co_await create(options{.mode = x}); }", BRACES),
    ("task<void> a() { co_await create(options{}); }", BRACES),
    ("task<void> a() { use(options{}, co_await x()); }", BRACES),
    ("task<void> a() { auto f = spawn(co_await this_scope{}, {name, {}}, b()); }", BRACES),
    ("task<void> a() { while (co_await x(std::vector<int>{1})) y(); }", BRACES),
    ("task<void> a() { co_return pair{co_await x(), 1}; }", BRACES),
    ("task<void> a() { try { x(); } catch (...) { co_await y(); } }", CATCH),
    ("task<void> a() { try { x(); } catch (const error& e) { if (e) { auto r = co_await y(); } } }", CATCH),
    ("task<int> f(core& c, std::string_view s);", DANGLES),
    ("task<int> f(const std::string& s);", DANGLES),
    ("static task<std::map<int, int>> f(int, std::span<const int> s) {}", DANGLES),
    ("detail::task<int> type::f(acl_view acl) {}", DANGLES),
    ("task<int> f(acl_view h);", DANGLES),
    ("template <class T> task<T> f(std::vector<T>&& v);", DANGLES),
    ("const auto l = [](const std::string& s) -> task<int> { co_return 1; };", DANGLES),
    ("struct f { task<int> operator()(data_view d) const; };", DANGLES),
]


def try_itself():
    wrong = [f"taken for a fault, line {line} of GOOD: {what}" for line, what in faults_of(GOOD)]
    for snippet, what in BAD:
        found = [fault for _, fault in faults_of(snippet)]
        if found != [what]:
            wrong.append(f"{snippet}\n    {found or 'nothing'} instead of {what!r}")
    return wrong


def main():
    wrong = try_itself()
    if wrong:
        return print("\n".join(["check_coroutines.py does not work:", *wrong])) or 1
    faults, count = [], 0
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                count += 1
                for line, what in faults_of(path.read_text()):
                    faults.append(f"{path.relative_to(TOP).as_posix()}:{line}: {what}")
    print("\n".join(faults) if faults else f"the coroutines of {count} files are fit for g++ 12")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
