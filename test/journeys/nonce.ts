/** Values that only the machine which runs a command can have computed: the product is nowhere in the prompt. */
import { randomInt } from "node:crypto";

export interface Sum {
  readonly command: string;
  readonly product: string;
}

export function randomSum(): Sum {
  const [left, right] = [randomInt(10_000, 99_999), randomInt(10_000, 99_999)];
  return { command: `echo $((${left}*${right}))`, product: String(left * right) };
}

export function randomWord(): string {
  return `w${randomInt(1e9, 9e9).toString(36)}`;
}

/** What the demo model streams for `!stream <tokens>`, as it is committed. */
export function streamedNumbers(tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => index + 1).join(" ");
}
