/**
 * One socket on a shell of the sandbox. The page gives back the marks that it has read, which is what gives the shell its
 * credit back: a page that stops reading stops the shell, and nothing is kept for it here beyond the tunnel's window.
 */
import { CLOSE_CODES, TerminalClientFrame, TerminalExit, TerminalHead, TerminalMoved, type OpenTerminal, type TerminalServerFrame, type TerminalSize } from "@berth/protocol";
import type { TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Author } from "../session-handle.ts";
import { ShownMarks } from "./shown-marks.ts";
import type { SocketEvents, Visitor, WorkspaceHub, WorkspaceSocket } from "./workspace-hub.ts";

/** What is typed or pasted and that the shell does not read. */
const TYPED_BYTES_MAX = 1024 * 1024;
/** From a shell's being asked for to the sandbox's answer. */
const HEAD_MAX_MS = 10_000;
/** What a shell shows is marked within this, however little it is, so that it is known whether somebody watches. */
const MARK_AFTER_MS = 5_000;
/** A word is outside the tunnel's window, so sizes go down no faster than this; the newest waits, and no other. */
const RESIZE_EVERY_MS = 100;

export function joinTerminal(
  hub: WorkspaceHub,
  socket: WorkspaceSocket,
  who: { readonly author: Author; readonly epoch: number },
  what: Omit<OpenTerminal, "kind">,
): SocketEvents {
  let stream: TunnelStream | null = null;
  let isOpen = true;
  const marks = new ShownMarks(() => crypto.randomUUID());
  let isAnswered = false;
  let newestSize: TerminalSize | null = null;
  let isResizing = false;
  let isMarking = false;
  const close = (code: number, reason: string): void => {
    if (!isOpen) return;
    isOpen = false;
    leave();
    stream?.reset(reason);
    socket.close(code, reason);
  };
  const say = (frame: TerminalServerFrame): void => socket.send(JSON.stringify(frame));
  const sayMark = (mark: string | null): void => {
    if (mark !== null) say({ type: "mark", mark });
  };
  const visitor: Visitor = { author: who.author, acted: false, close };
  const leave = hub.add(visitor);

  void hub.tunnelOf(who.epoch).then((tunnel) => {
    if (!isOpen) return;
    if (tunnel === null) return close(CLOSE_CODES.refused, "The sandbox did not answer.");
    stream = tunnel.open({ kind: "terminal", ...what } satisfies OpenTerminal, {
      head: (head) => {
        isAnswered = true;
        const answer = TerminalHead.safeParse(head);
        if (answer.success) say({ type: "opened", ...answer.data });
        else close(CLOSE_CODES.internal, "the sandbox's answer is not understood");
      },
      data: (bytes) => {
        socket.send(bytes.slice());
        sayMark(marks.wrote(bytes.length));
        if (!isMarking) {
          isMarking = true;
          hub.after(MARK_AFTER_MS, () => {
            isMarking = false;
            if (isOpen) sayMark(marks.mark());
          });
        }
      },
      word: (word) => {
        const exit = TerminalExit.safeParse(word);
        if (exit.success) say({ type: "exited", code: exit.data.exit });
        else if (TerminalMoved.safeParse(word).success) say({ type: "moved" });
      },
      ended: () => close(1000, "the shell ended"),
      // What the sandbox refuses it refuses again; whoever lost it may find the next.
      reset: (reason, isFarEnds) => close(isFarEnds ? CLOSE_CODES.refused : CLOSE_CODES.fenced, reason),
    });
    hub.after(HEAD_MAX_MS, () => {
      if (!isOpen || isAnswered) return;
      close(CLOSE_CODES.fenced, "the sandbox opened no shell in time");
      hub.giveUp(tunnel);
    });
  });

  const hear = (text: string): void => {
    const frame = parse(text);
    if (frame === null) return close(CLOSE_CODES.badRequest, "that frame is not understood");
    if (frame.type === "ack") {
      const bytes = marks.cameBack(frame.mark);
      // Who watches what a program does has not left it.
      if (bytes > 0) visitor.acted = true;
      return stream?.took(bytes);
    }
    newestSize = { cols: frame.cols, rows: frame.rows };
    if (!isResizing) resize();
  };
  const resize = (): void => {
    isResizing = isOpen && newestSize !== null;
    if (!isResizing) return;
    stream?.sendWord({ resize: true, ...newestSize });
    newestSize = null;
    hub.after(RESIZE_EVERY_MS, resize);
  };
  return {
    message: (message) => {
      if (!isOpen) return;
      if (typeof message === "string") return hear(message);
      visitor.acted = true;
      // The platform's buffer is ours only now.
      stream?.write(message.slice());
      if ((stream?.waitingBytes ?? 0) > TYPED_BYTES_MAX) close(CLOSE_CODES.slowViewer, "the shell does not read what is typed");
    },
    gone: () => {
      if (!isOpen) return;
      isOpen = false;
      leave();
      stream?.reset("the page is gone");
    },
  };
}

function parse(text: string): TerminalClientFrame | null {
  try {
    const parsed = TerminalClientFrame.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
