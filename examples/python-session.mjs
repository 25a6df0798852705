// Variables that stay, files, and going back to a snapshot: node examples/python-session.mjs
import { Session } from 'sandglass/python';

const session = new Session({ seed: 'the same every time' });
session.vfs.writeFile('/numbers.csv', 'a,b\n1,2\n3,4\n');

await session.execute(`
import csv, random
with open('/data/numbers.csv') as file:
    rows = [[int(cell) for cell in row] for row in list(csv.reader(file))[1:]]
`);
console.log((await session.execute('print(rows, random.randint(1, 6))')).stdout);

const state = await session.snapshotState();
await session.execute('rows.clear()');
await session.restoreState(state);
console.log((await session.execute('print(len(rows), "rows again")')).stdout);
await session.close();
