# The interpreter's own loop: integers, one multiplication, one mask, one addition an iteration.
def run(n):
    s = 0
    for i in range(n):
        s += i * i & 0xff
    return s
