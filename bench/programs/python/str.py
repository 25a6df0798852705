# Strings: formatting, joining, splitting, searching, replacing, case.
def run(n):
    total = 0
    for i in range(n):
        words = [f'{i:05d}-{k}' for k in range(8)]
        line = ', '.join(words).upper().replace('-', '_')
        parts = line.split(', ')
        total += len(line) + line.find('_7') + len(parts[i % 8].strip('0').rjust(12))
    return total
