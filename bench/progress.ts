/**
 * One line on stderr that tells where the run is: rewritten on a terminal; elsewhere a line per benchmark, so that a log
 * stays readable.
 */
const LEAST_PAUSE_MS = 100;

export class Progress {
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  readonly #started = performance.now();
  #done = 0;
  #name = '';
  #last = 0;

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#stream = stream;
  }

  begin(name: string): void {
    this.#name = name;
    this.#done++;
    if (this.#stream.isTTY) this.#rewrite('');
    else this.#stream.write(`${this.#position} ${name}\n`);
  }

  readonly step = (what: string): void => {
    const now = performance.now();
    if (!this.#stream.isTTY || now - this.#last < LEAST_PAUSE_MS) return;
    this.#last = now;
    this.#rewrite(`: ${what}`);
  };

  /** Leaves an empty line for what is printed next. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }

  get #position(): string {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return `[${this.#done}/${this.#total}, ${seconds} s]`;
  }

  #rewrite(rest: string): void {
    const line = `${this.#position} ${this.#name}${rest}`.slice(0, (this.#stream.columns || 80) - 1);
    this.#stream.write(`\r\x1b[K${line}`);
  }
}
