/** Long steps as lines on stderr, each with its elapsed time; on a terminal the running line counts up. */

export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const live = process.stderr.isTTY === true;
  const show = (): void => void process.stderr.write(`\r\x1b[2K  · ${title} … ${seconds()}`);
  const timer = live ? setInterval(show, 200) : null;
  if (live) show();
  const end = (mark: string): void => {
    if (timer) clearInterval(timer);
    process.stderr.write(`${live ? "\r\x1b[2K" : ""}  ${mark} ${title} (${seconds()})\n`);
  };
  try {
    const result = await work();
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

/** A failure whose message is meant for the person at the terminal; shown without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
}
