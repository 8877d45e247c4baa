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
      { name: "Containers where an engine answers; while their image is built, or could not be, processes and a word of why", bound: "no restart", rules: ["DKR5", "DKR8", "DKR9", "DKR10"] },
      { name: "Many containers at once, and an operator's limit to them", bound: "20, with a limit of 8", rules: ["DKR11", "DKR12", "DKR13"] },
      { name: "A start's deadline, attempt by attempt", bound: "90 s in all; an attempt at most 45 s", rules: ["SES1", "SES2", "SES4", "STA1", "STA2"] },
      { name: "Fallback backends, and a second try of one that may be back", bound: "ready on the fallback within 90 s", rules: ["SES47", "SES51", "STA3"] },
      { name: "A create without an answer, a sandbox that never dials or dies on the way", bound: "asked about every 10 s", rules: ["SES6", "SES7", "SES48", "SES36"] },
      { name: "A failed start says what happened and what to do", bound: "", rules: ["SES5", "SES22"] },
      { name: "What an environment gives: variables, secrets of its own, and a setup script after the start whose failure stops nothing", bound: "10 min", rules: range("ENV", 1, 8) },
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
      { name: "A turn ends by its own end, and without an answer it is interrupted", bound: "", rules: ["AGT33"] },
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
      { name: "Checkpoints of the work folder and the agent's memory", bound: "a change is saved within 30 s", rules: [...range("CHK", 1, 13)] },
      { name: "Restored into the next sandbox", bound: "200 MB within 15 s", rules: ["SES45"] },
      { name: "Shells that people open in the sandbox outlive their pages", bound: "the last 128 KB are shown again", rules: [...range("TRM", 1, 5), "WSP1", "WSP2", "WSP5", "WSP12"] },
      { name: "What is served in a sandbox is seen at an origin of its own", bound: "HTTP and WebSocket, streamed within the tunnel's window", rules: ["WSP18", "WSP20", ...range("PRT", 1, 5)] },
      { name: "Hibernation", bound: "after 15 min of idleness, never unsaved", rules: ["SES44"] },
    ],
  },
  {
    title: "No real secret enters a sandbox",
    sentence: "Keys and credentials stay outside of the sandbox, unless a person marked one as readable by the agent; brokers swap the sandbox's one token for them, and what the agent may read leaves it in no text.",
    features: [
      { name: "Secrets of sessions: read by the agent only where marked so, else added by the broker", bound: "", rules: range("SCR", 1, 10) },
      { name: "The inside of a sandbox is reached by a tunnel that it dials, by who may act in the session", bound: "who may not any more is gone within a minute", rules: [...range("WSP", 3, 4), ...range("WSP", 6, 11), "WSP13", ...range("WSP", 15, 17), "WSP19", "WSP21", ...range("TUN", 1, 9), ...range("FIL", 1, 4), "SES63", "LNK20"] },
      { name: "Repositories through the git broker: those of the session, and branches of its own", bound: "", rules: range("GIT", 1, 8) },
      { name: "Keys of model providers that people bring for themselves", bound: "in their turns of sessions that nobody else has worked in", rules: range("BYK", 1, 10) },
      { name: "What a person may do at a repository's host, asked before their sessions fetch and push", bound: "believed for 60 s", rules: ["GIT9", "GIT10", "SRC9", "SRC10"] },
      { name: "Credentials in text are covered before it leaves the sandbox", bound: "a stream waits only at what may become one", rules: range("MSK", 1, 5) },
    ],
  },
  {
    title: "No spending past a cap",
    sentence: "Reservations in flight never pass a cap; what goes over it is the error of their estimates alone. Reaching one pauses and asks, and kills nothing.",
    features: [
      { name: "Reservations before, settlement after, for each cap in its unit", bound: "50 sessions at once, $0.02 a call: at most $1.02 of $1.00", rules: [...range("LDG", 1, 10), ...range("LDG", 13, 16)] },
      { name: "Caps of the organization, of users, of sessions; of money, tokens, a sandbox's time and sessions at once", bound: "", rules: [...range("LDG", 11, 12), ...range("LDG", 20, 22)] },
      { name: "What is spent by a key, a device's key or a client token counts for who is behind it", bound: "", rules: ["SES61"] },
      { name: "A call reserves what no honest provider passes; one without a known end is refused under a cap on money", bound: "50 sessions at once that make their calls look small: at most $1.00 of $1.00", rules: ["LDG16", "LDG28"] },
      { name: "A session's own caps go with it", bound: "", rules: ["LDG29"] },
      { name: "A ledger that does not answer grants nothing", bound: "", rules: ["LDG18"] },
      { name: "One stop for the whole organization", bound: "", rules: ["LDG24"] },
    ],
  },
  {
    title: "No tenant meets another",
    sentence: "No tenant can name, see or decrypt another's anything: by the object's id, by the query, by the row policy, and by a key of its own.",
    features: [
      { name: "Row policies on every table, and two roles that own none", bound: "unfiltered, 0 rows of another's; one round trip as before", rules: range("ISO", 1, 8) },
      { name: "Refusals that say no more than an unknown id would, on every route and every action of a socket", bound: "medians within 0.5 ms", rules: range("TEN", 1, 3) },
      { name: "Links and tokens for one session", bound: "", rules: ["TEN4", "TEN5", "TEN7"] },
      { name: "What is revoked is so for open sockets", bound: "60 s", rules: ["TEN6"] },
      { name: "Who somebody is: members, keys, service accounts, teams, invitations", bound: "a change holds 30 s later at most", rules: ["IDN4", "IDN6", ...range("IDN", 11, 13), ...range("IDN", 16, 28)] },
      { name: "Secrets under a key of the organization's own, bound to their place", bound: "", rules: ["VLT3", "VLT7", "VLT8", "VLT10"] },
      { name: "From one master key to the next, and a lost or wrong one", bound: "every secret readable meanwhile", rules: ["VLT5", "VLT9", "VLT11", "VLT12", "VLT13", "MKY1", "MKY2"] },
    ],
  },
  {
    title: "What is shown is what is enforced",
    sentence: "What the policy page shows of a sandbox is read back from the parts that enforce it, and compared with what is declared.",
    features: [
      { name: "Isolation, egress, mounts, capabilities, secrets, token, branches and caps, from outside and from inside", bound: "at the start and when asked for", rules: range("POL", 1, 10) },
      { name: "A container reaches its brokers and the operator's list of hosts, and nothing else by no spelling", bound: "128 connections, idle for at most 5 min", rules: [...range("EGR", 1, 9), "DKR6", "DKR7"] },
      { name: "A difference is in the log, and stops the session where the organization wants that", bound: "once for each set of differences", rules: range("POL", 11, 13) },
    ],
  },
];
