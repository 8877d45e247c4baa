/** What the agent must find again to go on with its conversation in another sandbox. */
export interface AgentMemory {
  /** Of another value whenever `save` may write something else. */
  fingerprint(): string;
  /** Writes a consistent copy into an empty folder, while the agent works. */
  save(folder: string): Promise<void>;
  /** Puts a copy in its place, before the agent is opened. @throws when it is damaged; nothing was put in place then */
  restore(folder: string): Promise<void>;
}
