/** How long a session waits for what, in milliseconds. */
export const TIMINGS = {
  /** For a lost link to come back before the sandbox counts as lost. */
  linkMs: 45_000,
  /** For `accepted` after a prompt went down an open link. */
  acceptMs: 30_000,
  /** Between signs of life while a run is active. */
  heartbeatMs: 40_000,
  /** For anything to move in a run: a message, or a heartbeat that says what is running. */
  runIdleMs: 10 * 60_000,
  /** For the turn to end after an interrupt. */
  stopMs: 15_000,
  /** Between questions to the backend about a sandbox that was accepted and has not dialled yet. */
  probeMs: 10_000,
  /** The same where it is not known whether the request for it arrived. */
  probeSoonMs: 2_000,
  /** For the agent to take a message into its running turn before people are told that it may not. */
  steerMs: 1_000,
  /** For something to do, before the sandbox is given back. */
  hibernateMs: 15 * 60_000,
  /** For the checkpoint before that. */
  saveMs: 60_000,
  /** Before a backend is asked again to stop a sandbox that was let go; doubles up to an hour. */
  releaseMs: 60_000,
  releaseMaxMs: 60 * 60_000,
  /** Before a slice of the sandbox's time is over, to ask for the next. */
  computeAheadMs: 20_000,
  /** Until it is asked for again. */
  computeAgainMs: 15_000,
  /** Between questions to the ledger while the session waits for room. */
  budgetMs: 60_000,
  /** For an answer of how the sandbox is kept to be stored, before it is measured again. */
  policyMs: 60_000,
} as const;

/** Seconds of a sandbox's time that are paid for at once. */
export const COMPUTE_SLICE_S = 120;
/** How often the link may be closed over a prompt that is not accepted, before the sandbox counts as lost. */
export const ACCEPT_MISSES_MAX = 3;
/** Messages in a row that stand in for interrupted ones with nobody asking; then a person is asked. */
export const AUTOMATIC_MAX = 3;
/** Answered requests that are remembered. */
export const ANSWERED_MAX = 100;
/** Bytes of the state as JSON in UTF-8; a row of the store holds 2 MB, and a turn needs room to grow. */
export const STATE_BYTES_MAX = 1_800_000;
