/** Where a session begins: what to do, with which model, on what. */
import { useCallback, useEffect, useRef, useState, type FormEvent } from "react";
import type { OnInterruption } from "@berth/sdk";
import { useBerth } from "../lib/berth-context.tsx";
import { useDraft } from "../lib/draft.ts";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { usePreferredModel } from "../lib/preferred-model.ts";
import { navigate } from "../lib/router.ts";
import { useFolder } from "../lib/use-folder.ts";
import { useLoad } from "../lib/use-load.ts";
import { isDemo, useShared } from "../lib/workspace-context.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { DemoHints } from "../components/demo-hints.tsx";
import { FirstSteps } from "../components/first-steps.tsx";
import { FolderField } from "../components/folder-field.tsx";
import { GrowingTextarea } from "../components/growing-textarea.tsx";
import { InterruptionPicker } from "../components/interruption-picker.tsx";
import { ModelPicker } from "../components/model-picker.tsx";
import { TopBar } from "../components/top-bar.tsx";
import css from "./new-session-view.module.css";

export function NewSessionView() {
  const berth = useBerth();
  const { models, sessions } = useShared();
  const [model, setModel] = usePreferredModel(models.data);
  const [prompt, setPrompt] = useDraft("new");
  const [onInterruption, setOnInterruption] = useState<OnInterruption>("ask");
  const folder = useFolder();
  // Refused with `not-found` where Berth does not run on a machine of the user's: then there is no folder to name either.
  const discoveries = useLoad(useCallback(() => berth.machine.discoveries().all(), [berth]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  // Sent before the models were there: it starts as soon as they are.
  const [waiting, setWaiting] = useState(false);
  const canStart = model !== null && prompt.trim() !== "" && !folder.blocks && !busy;

  const start = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault();
    if (model === null && models.data === undefined && prompt.trim() !== "") setWaiting(true);
    if (!canStart) return;
    setBusy(true);
    setError(null);
    try {
      const path = folder.path.trim();
      const workspace = path === "" ? { kind: "empty" as const } : { kind: "folder" as const, path };
      const { id } = await berth.sessions.create({ model, workspace, onInterruption, prompt: prompt.trim() });
      setPrompt("");
      navigate({ view: "session", id });
      void sessions.reload();
    } catch (failure) {
      setError(toMessage(failure));
      setBusy(false);
    }
  };

  const latestStart = useRef(start);
  latestStart.current = start;
  useEffect(() => {
    if (!waiting || (model === null && models.data === undefined)) return;
    setWaiting(false);
    void latestStart.current();
  }, [waiting, model, models.data]);

  return (
    <>
      <TopBar />
      <div className={css.scroller}>
        <div className={css.column}>
          <h1 className={css.title}>What should the agent work on?</h1>
          <form className={css.card} onSubmit={(event) => void start(event)}>
            <GrowingTextarea
              data-testid="composer"
              aria-label="First message"
              placeholder="Fix the rounding in the order totals and run the tests"
              autoFocus={matchMedia("(pointer: fine)").matches}
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              onSubmit={() => void start()}
            />
            <div className={css.row}>
              <ModelPicker models={models} value={model} onChange={setModel} />
              <InterruptionPicker value={onInterruption} onChange={setOnInterruption} />
              <span className={css.space} />
              <Button kind="primary" type="submit" data-testid="send" busy={busy || waiting} disabled={!canStart}>
                Start
              </Button>
            </div>
          </form>
          {discoveries.error?.code === "not-found" ? null : <FolderField folder={folder} />}
          {error ? <ErrorNotice error={error} /> : null}
          <FirstSteps discoveries={discoveries} />
          {isDemo(models.data, model) ? <DemoHints onPick={setPrompt} /> : null}
        </div>
      </div>
    </>
  );
}
