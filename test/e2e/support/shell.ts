/** Somebody at a shell of a session's sandbox, by the SDK. */
import type { BerthError, SessionClient, SessionTerminal, TerminalOptions } from "@berth/sdk";
import { eventually } from "./waiting.ts";

export class Shell {
  shown = "";
  exit: number | null = null;
  readonly states: string[] = [];
  closed: BerthError | null | undefined = undefined;
  readonly terminal: SessionTerminal;

  constructor(of: SessionClient, options: Partial<TerminalOptions> = {}) {
    this.terminal = of.terminal({
      cols: 100,
      rows: 30,
      ...options,
      onData: (bytes, shown) => {
        this.shown += Buffer.from(bytes).toString();
        shown();
      },
      onExit: (code) => void (this.exit = code),
      onState: (state, error) => {
        this.states.push(state);
        if (state === "closed") this.closed = error ?? null;
      },
    });
  }

  async opened(): Promise<this> {
    await eventually("the shell", () => (this.terminal.state === "open" ? true : `${this.terminal.state} ${this.closed?.message}`), 20_000);
    return this;
  }

  async says(text: string): Promise<void> {
    await eventually(`the shell says ${text}`, () => (this.shown.includes(text) ? true : this.shown.slice(-400)), 20_000);
  }

  async over(): Promise<BerthError | null> {
    await eventually("the shell is closed", () => (this.closed === undefined ? this.terminal.state : true), 70_000);
    return this.closed ?? null;
  }
}
