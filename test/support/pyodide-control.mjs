/**
 * Runs programs under the package pyodide with its own JavaScript glue, as its users do, and prints what each wrote, as JSON.
 * The control for attempts to reach JavaScript. Arguments: the package's folder, the programs as JSON.
 */
import { pathToFileURL } from 'node:url';

const [folder, programs] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
let output = '';
const stdout = (text) => {
  output += `${text}\n`;
};
const pyodide = await loadPyodide({ stdout, stderr: stdout });
const outputs = JSON.parse(programs).map((code) => {
  output = '';
  pyodide.runPython(code);
  return output;
});
console.log(JSON.stringify(outputs));
process.exit(0);
