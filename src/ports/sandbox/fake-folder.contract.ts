/** Folders in memory as a contract run over the fake needs them. */
import { FakeFolder } from "./fake-folder.ts";
import type { ContractFolder } from "./sandbox-kit.contract.ts";

/** @param folders by path, as the fake was given them; the new one joins them */
export function makeFakeFolder(folders: Map<string, FakeFolder>): ContractFolder {
  const folder = new FakeFolder({ "README.md": "hello\n" });
  const path = `/folders/${folders.size}`;
  folders.set(path, folder);
  const decode = (bytes: Uint8Array | undefined): string | null => (bytes ? new TextDecoder().decode(bytes) : null);
  return { path, read: (branch, file) => decode(folder.branches.get(branch)?.files.get(file)), commitElsewhere: (branch) => folder.commitElsewhere(branch) };
}
