/**
 * What the house promises about its sessions, feature by feature, with the rules that state it. docs/RELIABILITY.md and the
 * table of features and layers in docs/TESTING.md are made from this and from the titles of the tests.
 */

export interface Feature {
  readonly name: string;
  /** In numbers, where there are any. */
  readonly bound: string;
  /** Ids of rules in SPEC.md files. */
  readonly rules: readonly string[];
}

export interface Promised {
  readonly title: string;
  readonly sentence: string;
  readonly features: readonly Feature[];
}

/** `range("SES", 1, 3)` is SES1, SES2, SES3. */
function range(prefix: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `${prefix}${first + i}`);
}

export const PROMISES: readonly Promised[] = [
  {
    title: "A start always ends",
    sentence: "Every session start reaches `ready` or a typed failure, with fallback backends tried in the configured order.",
    features: [
      { name: "A start's deadline, attempt by attempt", bound: "90 s in all; an attempt at most 45 s", rules: ["SES1", "SES2", "SES4", "STA1", "STA2"] },
      { name: "Fallback backends, and a second try of one that may be back", bound: "ready on the fallback within 90 s", rules: ["SES47", "SES51", "STA3"] },
      { name: "A create without an answer, a sandbox that never dials or dies on the way", bound: "asked about every 10 s", rules: ["SES6", "SES7", "SES48", "SES36"] },
      { name: "A failed start says what happened and what to do", bound: "", rules: ["SES5", "SES22"] },
    ],
  },
  {
    title: "No accepted prompt is lost, none runs twice",
    sentence: "An accepted prompt survives a crash of any part. After a crash in the middle of a run nothing is executed again unless the session's policy or a person says so.",
    features: [
      { name: "The queue: first in, first out, reorder, cancel", bound: "", rules: ["SES9", "SES10", "SES11", "SES43"] },
      { name: "Idempotent prompts", bound: "24 h", rules: ["SES12", "STR12"] },
      { name: "The sandbox link: numbers, acknowledgement after the commit, resend, epochs", bound: "", rules: [...range("LNK", 1, 6), "SES13", "SES18", "SES19"] },
      { name: "Interruption: ask, continue, retry, fail", bound: "at most 3 in a row unasked", rules: ["SES16", "SES39", "SES40"] },
      { name: "Permission and question cards outlive their agent", bound: "", rules: ["SES28", "SES29", "SES30", "SES41"] },
      { name: "Steering a running turn", bound: "taken, or said so within 1 s", rules: ["SES42"] },
      { name: "Stop, with its confirmation", bound: "15 s, then the sandbox is replaced", rules: ["SES26", "SES27", "SES49"] },
      { name: "Watchdogs: accept, heartbeat, link, idle run", bound: "a dead sandbox is noticed within 90 s, also half-open", rules: ["SES14", "SES20", "SES21", "SES32"] },
      { name: "Let-go sandboxes are really gone", bound: "asked every 60 s to 1 h", rules: ["SES35", "SES46", "SBX13", "SBX19"] },
      { name: "Run history: every end of a run flushed once, in order, for as long as it takes", bound: "all there within 60 s after PostgreSQL is back", rules: ["SES24", "SES60", "RNH13", "RNH14", "OUT1", "OUT2", "OUT3", "OUT4"] },
      { name: "An agent that takes a prompt and does not begin with it, as on a full disk", bound: "looked up by its id, given again or interrupted within 80 s", rules: ["AGT7", "AGT31"] },
      { name: "Kill of Worker, host, agent, runtime; a sandbox that stands still; PostgreSQL restarted; a full disk", bound: "recovered within 60 s, 0 lost, 0 twice", rules: [...range("KIL", 1, 7), "KIL9"] },
    ],
  },
  {
    title: "One log, no gaps",
    sentence: "A session's events carry one gap-free `seq`. The same cursor works for REST pages, server-sent events and WebSocket, and the log outlives the sandbox.",
    features: [
      { name: "Replay, `synced`, joining in the middle", bound: "", rules: ["STR6", "STR13"] },
      { name: "Coalescing", bound: "ticks of 16 to 50 ms, 64 KB", rules: ["STR1", "STR2", ...range("LNK", 7, 13)] },
      { name: "Commits", bound: "one transaction for what was said while the session wrote the last", rules: range("LNK", 17, 19) },
      { name: "Slow viewers", bound: "256 frames or 1 MB; 25 viewers and 20 MB in at most 100 MB of memory", rules: ["STR3", "STR4"] },
      { name: "The archive and `reset`", bound: "the newest 10,000 events stay in the session", rules: ["STR5", "STR7", "STR8", "STR9", "STR11", "STR14"] },
      { name: "Big outputs", bound: "64 KB in the event, the rest by address", rules: ["STR10", "LNK14"] },
      { name: "The stream contract, asked of any server and client by the conformance kit", bound: "", rules: [...range("PRO", 1, 83)] },
      { name: "Disconnects of viewers", bound: "200 at random, no gap", rules: ["KIL8"] },
    ],
  },
  {
    title: "Work survives the sandbox",
    sentence: "After a sandbox dies the session is restored with the work tree and the agent's own memory, at most 30 s behind, also in the middle of a turn.",
    features: [
      { name: "Checkpoints of the work folder and the agent's memory", bound: "a change is saved within 30 s", rules: [...range("CHK", 1, 12)] },
      { name: "Restored into the next sandbox", bound: "200 MB within 15 s", rules: ["SES45"] },
      { name: "Hibernation", bound: "after 15 min of idleness, never unsaved", rules: ["SES44"] },
    ],
  },
];
