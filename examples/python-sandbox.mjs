// Runs programs that nobody trusts: node examples/python-sandbox.mjs
import { ExecutionError, Sandbox, TimeoutError } from 'sandglass/python';

const sandbox = new Sandbox({
  resourceLimits: { executionTimeoutMs: 1000, maxMemoryBytes: 100_000_000 },
  callbacks: { weather: async ({ city }) => ({ city, degrees: city.length * 4 }) },
  onStdout: (text) => process.stdout.write(text),
});

const { result, stats } = await sandbox.execute(`
import asyncio
cities = ["Oslo", "Rome", "Kyoto"]
reports = await asyncio.gather(*[weather(city=city) for city in cities])
for report in reports: print(report["city"], report["degrees"])
result = max(reports, key=lambda report: report["degrees"])
`);
console.log(result, `${stats.callbackInvocations} callbacks, ${stats.fuelConsumed} instructions`);

for (const code of ['1 / 0', 'while True: pass', 'open("/etc/passwd")']) {
  const error = await sandbox.execute(code).catch((thrown) => thrown);
  if (!(error instanceof TimeoutError || error instanceof ExecutionError)) throw error;
  console.log(`${code}: ${error.message}`);
}
