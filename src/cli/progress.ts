/**
 * The progress bar of a step that may take long, on stderr: on a terminal once that is clear, elsewhere only where it was asked for,
 * as lines.
 */
import { Presets, SingleBar } from 'cli-progress';

/** What takes less is done before anyone asks. */
const PATIENCE_MS = 500;
/** Between the lines of what is no terminal. */
const LINES_MS = 1000;

export class Progress {
  readonly #bar: SingleBar;
  readonly #started = performance.now();
  readonly #isWanted: boolean;
  readonly #patience: number;
  #shown = false;

  /** `wanted`: whether it was asked for, or asked not to be. */
  constructor(name: string, wanted: boolean | undefined, stream: NodeJS.WriteStream = process.stderr) {
    this.#isWanted = wanted ?? stream.isTTY;
    this.#patience = wanted === true ? 0 : PATIENCE_MS;
    this.#bar = new SingleBar(
      {
        stream,
        format: `{bar} {percentage} % of ${name.replace(/[^\w.-]/g, '?')}`,
        hideCursor: true,
        clearOnComplete: stream.isTTY,
        stopOnComplete: true,
        noTTYOutput: wanted === true,
        notTTYSchedule: LINES_MS,
      },
      Presets.rect,
    );
  }

  show(done: number, total: number): void {
    if (!this.#isWanted || performance.now() - this.#started < this.#patience) return;
    if (this.#shown) this.#bar.update(done);
    else this.#bar.start(total, done);
    this.#shown = true;
  }

  end(): void {
    if (this.#shown) this.#bar.stop();
  }
}
