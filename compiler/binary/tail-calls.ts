/**
 * Who calls whom in a module by tail calls, noted as bodies are read. Emission asks which of them go round in circles
 * (`compiler/emit/tail-forms.ts`).
 */

export class TailCalls {
  /** By caller: the functions that it names. */
  readonly callees = new Map<number, Set<number>>();
  /** Callers that find their callee at run time, in a table or a reference. */
  readonly open = new Set<number>();
  /** All bodies have been read. */
  complete = false;

  /** `callee` undefined: not known before run time. */
  note(caller: number, callee: number | undefined): void {
    let callees = this.callees.get(caller);
    if (callees === undefined) {
      callees = new Set();
      this.callees.set(caller, callees);
    }
    if (callee === undefined) this.open.add(caller);
    else callees.add(callee);
  }
}
