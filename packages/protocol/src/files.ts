/** Files of a session's work folder, as people read and write them beside the agent. */
import { z } from "zod";

export const FileKind = z.enum(["file", "folder", "link", "other"]);

export const FileEntry = z.object({
  name: z.string(),
  kind: FileKind,
  /** Bytes; files only. */
  size: z.int().nonnegative().optional(),
  modifiedAt: z.iso.datetime(),
});
export type FileEntry = z.infer<typeof FileEntry>;

export const FolderListing = z.object({
  /** From the work folder on, with `/` between; empty for the work folder itself. */
  path: z.string(),
  /** Folders first, then by name. */
  entries: z.array(FileEntry),
  /** There are more than are listed. */
  truncated: z.boolean(),
});
export type FolderListing = z.infer<typeof FolderListing>;

export const WrittenFile = z.object({ path: z.string(), size: z.int().nonnegative() });
export type WrittenFile = z.infer<typeof WrittenFile>;

/** Streams of the tunnel that are for files. */
export const OpenFiles = z.object({ kind: z.literal("files"), do: z.enum(["list", "read", "write"]), path: z.string() });
export type OpenFiles = z.infer<typeof OpenFiles>;

/** The sandbox's answer: at once, or after the last byte of what is written. */
export const FilesHead = z.discriminatedUnion("is", [
  z.object({ is: z.literal("listing"), listing: FolderListing }),
  z.object({ is: z.literal("content"), size: z.int().nonnegative(), modifiedAt: z.iso.datetime() }),
  z.object({ is: z.literal("written"), size: z.int().nonnegative() }),
  z.object({ is: z.literal("refused"), problem: z.enum(["not-found", "conflict", "invalid-field", "body-too-large", "forbidden"]), detail: z.string() }),
]);
export type FilesHead = z.infer<typeof FilesHead>;
