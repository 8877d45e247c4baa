/** Time that processes of one machine share, for lags from one to another. */

/** Microseconds since the machine started. */
export function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A moment as text, so that whoever reads the text knows how old it is. */
export function stamp(): string {
  return `${nowMicros().toString(36)} `;
}

/** Milliseconds since a {@link stamp} was made, without its trailing space. */
export function ageMs(stamped: string): number {
  return (nowMicros() - Number.parseInt(stamped, 36)) / 1000;
}
