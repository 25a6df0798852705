# Dictionaries with keys of strings and tuples: filling, counting, looking up, deleting, sorting.
def run(n):
    counts = {}
    state = 12345
    for i in range(n):
        state = state * 1103515245 + 12345 & 0x7fffffff
        key = f'k{state >> 8 & 4095}' if i & 1 else (state >> 8 & 255, state >> 20 & 15)
        counts[key] = counts.get(key, 0) + 1
    for key in [key for key, count in counts.items() if count == 1]:
        del counts[key]
    top = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:50]
    return len(counts) * 1000003 + sum(count for _, count in top)
