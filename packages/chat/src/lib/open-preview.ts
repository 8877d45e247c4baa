/** A preview in a tab of its own. */
import type { SessionClient } from "@berth/sdk";

/** The tab is opened at the press, since browsers keep one from opening later. @throws BerthError where it is refused */
export async function openPreview(session: SessionClient, port: number): Promise<void> {
  const tab = open("", "_blank");
  try {
    const { url } = await session.preview(port);
    if (tab === null) throw new Error("The browser opens no tab from here. Allow this page to open tabs, and try again.");
    // What is served there is to know nothing of this page.
    tab.opener = null;
    tab.location.replace(url);
  } catch (error) {
    tab?.close();
    throw error;
  }
}
