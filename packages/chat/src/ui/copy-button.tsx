/** Copies a text and says so. */
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), 1800);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Button kind="quiet" size="s" icon={copied ? "check" : "copy"} onClick={copy}>
      {copied === null ? label : copied ? "Copied" : "Not allowed"}
    </Button>
  );
}
