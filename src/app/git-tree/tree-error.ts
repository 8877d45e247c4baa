/** Why a host's tree could not be read, as the end of a sentence about the host. */
export class TreeError extends Error {
  readonly reason: "too-large" | "broken" | "unsupported" | "empty";
  constructor(reason: TreeError["reason"], says: string) {
    super(says);
    this.reason = reason;
  }
}
