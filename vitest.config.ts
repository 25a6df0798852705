/**
 * How `npm test` runs: unit tests beside their files, cross-cutting tests in `test/`. The build runs once before them,
 * because the tests of the command line start the built program in processes of its own.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,compiler,runtime,wasi,python,spectest,bench,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'spectest/testsuite/**'],
    globalSetup: ['test/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
