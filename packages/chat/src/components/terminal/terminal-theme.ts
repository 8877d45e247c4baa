/** A terminal's colours: the page's own where it has one, and the sixteen that programs name, readable on either ground. */
import type { ITheme } from "@xterm/xterm";

const LIGHT = {
  black: "#1a1d1f", red: "#b3261e", green: "#1c7d4d", yellow: "#8f5800", blue: "#1f5fbf", magenta: "#8a3ea8", cyan: "#0c6577", white: "#74797e",
  brightBlack: "#565c61", brightRed: "#c8372e", brightGreen: "#21915a", brightYellow: "#a56a0a", brightBlue: "#2b71d6", brightMagenta: "#9d4fbc", brightCyan: "#0f7b90", brightWhite: "#3a3f42",
};
const DARK = {
  black: "#3c4244", red: "#f2867e", green: "#5cc48d", yellow: "#e6b15c", blue: "#7fb0f5", magenta: "#d19be6", cyan: "#6cc5d6", white: "#d5d9da",
  brightBlack: "#8b9295", brightRed: "#ff9f98", brightGreen: "#7edba8", brightYellow: "#f4c67c", brightBlue: "#9cc4ff", brightMagenta: "#e0b3f2", brightCyan: "#8adbea", brightWhite: "#ffffff",
};

export function terminalTheme(): ITheme {
  const page = getComputedStyle(document.documentElement);
  const colour = (name: string): string => page.getPropertyValue(name).trim();
  return {
    ...(matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT),
    background: colour("--bg-sunken"),
    foreground: colour("--text"),
    cursor: colour("--accent"),
    cursorAccent: colour("--bg-sunken"),
    selectionBackground: `${colour("--accent")}55`,
    scrollbarSliderBackground: `${colour("--line-strong")}aa`,
    scrollbarSliderHoverBackground: colour("--line-strong"),
    scrollbarSliderActiveBackground: colour("--line-strong"),
  };
}
