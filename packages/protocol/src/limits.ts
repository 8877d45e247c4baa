/** Limits of the public contract; each is named in the error that enforces it. */
export const LIMITS = {
  /** Bytes of a JSON body. */
  bodyBytesMax: 1024 * 1024,
  /** Bytes of one prompt in UTF-8. */
  promptBytesMax: 256 * 1024,
  queuedMessagesMax: 200,
  pageSizeDefault: 50,
  pageSizeMax: 500,
  ticketLifetimeMs: 30_000,
  /** Of an opened preview that nobody uses; each use puts it off. */
  previewLifetimeMs: 30 * 60_000,
  /** Tool output kept inside an event; the rest goes to the blob store. */
  outputInlineBytesMax: 64 * 1024,
  /** Tool output kept at all. */
  outputBytesMax: 16 * 1024 * 1024,
  viewerUnackedFramesMax: 256,
  viewerUnackedBytesMax: 1024 * 1024,
  viewerStalledMs: 30_000,
  linkDeltaCreditUnits: 64 * 1024,
  /** Bytes of a file of the work folder that is read or written beside the agent. */
  workFileBytesMax: 64 * 1024 * 1024,
  /** Bytes of one blob of a checkpoint. */
  checkpointBlobBytesMax: 16 * 1024 * 1024,
  /** Bytes of a session's newest checkpoint, zipped; twice as much is stored while one takes the place of another. */
  checkpointBytesMax: 2 * 1024 * 1024 * 1024,
  /** Blobs of a session's checkpoints. */
  checkpointBlobsMax: 2_000,
  /** Files, folders and links of a work folder that is saved. */
  checkpointFilesMax: 200_000,
} as const;
