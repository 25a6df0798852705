# Appended to each program of this folder: says when it is ready; then a line in, one run, its result out, until the
# input ends. `map` is C, so each run enters the interpreter's loop anew: native WebAssembly replaces code of its first
# tier only when a function is called, and a loop that is never left would stay in it for ever, or not, by chance.
import sys
print('ready', flush=True)
for _ in iter(sys.stdin.readline, ''):
    print(*map(run, [N]), flush=True)
