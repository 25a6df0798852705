# The re module over a generated log: alternatives, groups, back references, substitution.
import re as library

ADDRESS = library.compile(r'(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})')
REQUEST = library.compile(r'"(GET|POST|PUT) (/[\w/.-]*)(?:\?([^" ]*))? HTTP/1\.[01]" (\d{3})')
REPEAT = library.compile(r'\b(\w+)\s+\1\b')

def run(n):
    lines = [
        f'10.{i % 256}.{i * 7 % 256}.{i * 13 % 256} - the the "{("GET", "POST", "HEAD")[i % 3]} /a/b{i % 50}.html?q={i} HTTP/1.1" {200 + i % 5}'
        for i in range(n)
    ]
    total = 0
    for line in lines:
        total += sum(int(part) for part in ADDRESS.match(line).groups())
        found = REQUEST.search(line)
        if found:
            total += len(found[2]) + int(found[4])
        total += len(REPEAT.sub(r'\1', line))
    return total
