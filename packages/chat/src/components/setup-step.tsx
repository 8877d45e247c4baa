/** The session's environment setting its sandbox up: that it does, what its script prints, and what became of it. */
import { useState } from "react";
import type { Transcript, TranscriptEnvironment } from "@berth/sdk";
import { Spinner } from "../ui/spinner.tsx";
import { FailureNotice } from "./failure-notice.tsx";
import { Done, Failed, StepCard } from "./step-card.tsx";
import card from "./step-card.module.css";
import body from "./tool-body.module.css";

export function SetupStep({ transcript: { environment } }: { readonly transcript: Transcript }) {
  if (environment === null || environment.phase === null) return null;
  if (environment.phase === "removed") return <FailureNotice failure={environment.failure} fallback="The session's environment was removed." tone="warn" />;
  return (
    <>
      <SetupCard environment={environment} />
      {environment.phase === "failed" ? <FailureNotice failure={environment.failure} fallback="The setup script failed." tone="warn" /> : null}
    </>
  );
}

function SetupCard({ environment: { name, phase, output } }: { readonly environment: TranscriptEnvironment }) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isRunning = phase === "setting-up";
  const open = chosen ?? (isRunning && output !== "");
  return (
    <StepCard
      icon="terminal"
      verb={isRunning ? "Setting up" : "Set up"}
      target={<span className={card.target}>{name}</span>}
      status={isRunning ? <Spinner /> : phase === "failed" ? <Failed text="Failed" /> : <Done />}
      announces
      open={open}
      onToggle={() => setChosen(!open)}
      attributes={{ "data-testid": "setup", "data-phase": phase ?? undefined, "aria-label": "Setup script" }}
    >
      <div className={body.body}>
        {output === "" ? (
          <p className={body.note}>{isRunning ? "No output yet" : "No output"}</p>
        ) : (
          <pre className={body.output} aria-label="Output" tabIndex={0}>
            {output.trimEnd()}
          </pre>
        )}
      </div>
    </StepCard>
  );
}
