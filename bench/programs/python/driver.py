# Appended to each program of this folder: says when it is ready; then a line in, one run, its result out, until the
# input ends.
import sys
print('ready', flush=True)
for _ in iter(sys.stdin.readline, ''):
    print(run(N), flush=True)
