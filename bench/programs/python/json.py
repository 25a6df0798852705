# The json module: a nested document out, and in again.
import json as library

def run(n):
    records = [
        {'id': i, 'name': f'item {i} "\u00e9\n', 'price': i * 1.25, 'tags': ['a', 'bc', str(i)], 'parent': None, 'ok': i % 3 == 0}
        for i in range(n)
    ]
    total = 0
    for indent in (None, 2):
        text = library.dumps({'records': records}, indent=indent, sort_keys=True)
        back = library.loads(text)['records']
        total += len(text) + sum(len(record['tags']) + record['id'] for record in back)
    return total
