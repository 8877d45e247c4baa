/** The screen of one shell: xterm.js joined to the session's terminal. Loaded only when a terminal is opened. */
import { useEffect, useRef } from "react";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import type { BerthError, SessionClient, TerminalState } from "@berth/sdk";
import { allowStyles } from "../../lib/strict-styles.ts";
import { terminalTheme } from "./terminal-theme.ts";
import "@xterm/xterm/css/xterm.css";
import css from "./terminal-panel.module.css";

export interface ScreenProps {
  readonly session: SessionClient;
  /** Of the shell, which is found again by it. */
  readonly name: string;
  readonly onState: (state: TerminalState, error: BerthError | null) => void;
  readonly onExit: (code: number) => void;
}

/** Clears what was shown before a shell shows it again. */
const RESET = "\u001bc";

export function TerminalScreen({ session, name, onState, onExit }: ScreenProps) {
  const place = useRef<HTMLDivElement>(null);
  const told = useRef({ onState, onExit });
  told.current = { onState, onExit };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const forbidStyles = allowStyles();
    const screen = new Terminal({
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 13,
      lineHeight: 1.25,
      scrollback: 5_000,
      theme: terminalTheme(),
    });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(element);
    fit.fit();
    screen.textarea?.setAttribute("aria-label", "Terminal. To leave it, press Control, Shift and Escape.");
    // Tab and Escape are the shell's; without this nobody without a mouse would get out.
    screen.attachCustomKeyEventHandler((event) => {
      const leaves = event.key === "Escape" && event.ctrlKey && event.shiftKey;
      if (leaves && event.type === "keydown") element.closest("section")?.querySelector("button")?.focus();
      return !leaves;
    });
    const shell = session.terminal({
      name,
      cols: screen.cols,
      rows: screen.rows,
      onOpened: ({ fresh }) => {
        if (!fresh) screen.write(RESET);
        screen.focus();
      },
      onData: (bytes, shown) => screen.write(bytes, shown),
      onExit: (code) => told.current.onExit(code),
      onState: (state, error) => told.current.onState(state, error ?? null),
    });
    const typed = screen.onData((text) => shell.write(text));
    const binary = screen.onBinary((text) => shell.write(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    const sized = screen.onResize((size) => shell.resize(size));
    const room = new ResizeObserver(() => fit.fit());
    room.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const recolour = (): void => {
      screen.options.theme = terminalTheme();
    };
    scheme.addEventListener("change", recolour);
    return () => {
      scheme.removeEventListener("change", recolour);
      room.disconnect();
      for (const each of [typed, binary, sized]) each.dispose();
      shell.close();
      screen.dispose();
      forbidStyles();
    };
  }, [session, name]);
  return <div ref={place} className={css.screen} data-testid="terminal-screen" />;
}
