// Many programs at once, in a few warm threads: node examples/python-pool.mjs
import { SandboxFactory, SandboxPool } from 'sandglass/python';

const factory = new SandboxFactory({ imports: ['json', 'decimal'], workers: 4 });
const pool = new SandboxPool({ factory }, { maxSize: 8 });
await pool.ready();

const answers = await Promise.all(
  Array.from({ length: 20 }, async (_, i) => {
    const sandbox = await pool.acquire();
    try {
      return (await sandbox.execute(`result = sum(n * n for n in range(${i}))`)).result;
    } finally {
      sandbox.release();
    }
  }),
);
console.log(answers.join(' '));
console.log(pool.stats());
await pool.close();
await factory.close();
