/**
 * Adds up what `.ci/run` did: the outcomes of its steps (`steps`: one `name status` a line), vitest's JSON report and
 * the official suite's report. Prints one line per part and, last and alone, `N passed, N failed`. A report that is
 * missing or unreadable counts nothing; the step that should have written it has failed by then, or is made to.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const total = { passed: 0, failed: 0 };

function count(part, passed, failed, note = '') {
  total.passed += passed;
  total.failed += failed;
  console.log(`${part}: ${passed} passed, ${failed} failed${note}`);
}

function report(file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } catch {
    return undefined; // the runner crashed before it could write: its step counts as failed
  }
}

/** Test files that failed without a failing test in them (a syntax error, a failing import or hook). */
function brokenFiles(vitest) {
  const broken = (file) =>
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
  return vitest.testResults.filter(broken).length;
}

const vitest = report('vitest.json');
const suites = ['spectest', 'spectest-precompiled', 'spectest-jitless'];
/** Runners whose own counts explain a non-zero status; a failure they do not explain counts as one more. */
const counted = { tests: undefined, ...Object.fromEntries(suites.map((name) => [name, undefined])) };
if (vitest !== undefined) {
  counted.tests = vitest.numFailedTests + brokenFiles(vitest);
  count('tests', vitest.numPassedTests, counted.tests, `, ${vitest.numPendingTests} skipped`);
}
for (const name of suites) {
  const suite = report(`${name}.json`);
  if (suite === undefined) continue;
  counted[name] = suite.failed;
  const mode = name.replace(/^spectest-?/, '') || 'jit';
  count(`official suite, ${mode}`, suite.passed, suite.failed, `, ${suite.skipped} skipped`);
}

console.log('');
for (const line of readFileSync(join(folder, 'steps'), 'utf8').trim().split('\n')) {
  const [name, status] = line.split(' ');
  if (name in counted) {
    // Its report has been counted; a failure that it does not explain is one more.
    const explained = status === '0' ? counted[name] !== undefined : counted[name] > 0;
    if (!explained) count(`step ${name}`, 0, 1, `, exit status ${status}`);
  } else if (status === '0') count(`step ${name}`, 1, 0);
  else count(`step ${name}`, 0, 1, `, exit status ${status}`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
