/** Where a session begins: what to do, with which model, on what. */
import { useCallback, useEffect, useRef, useState, type FormEvent } from "react";
import type { AgentKind, OnInterruption } from "@berth/sdk";
import { useAccount } from "../lib/account-context.tsx";
import { useBerth } from "../lib/berth-context.tsx";
import { useDraft } from "../lib/draft.ts";
import { choicesFor } from "../lib/environment-words.ts";
import { toMessage, type ErrorMessage } from "../lib/error-message.ts";
import { usePreferredModel } from "../lib/preferred-model.ts";
import { may } from "../lib/rights.ts";
import { navigate } from "../lib/router.ts";
import { useLoad } from "../lib/use-load.ts";
import { usePlace } from "../lib/use-place.ts";
import { isDemo, useShared } from "../lib/workspace-context.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { ACP_LIMITS, AgentPicker } from "../components/agent-picker.tsx";
import { DemoHints } from "../components/demo-hints.tsx";
import { EnvironmentPicker, type ChosenEnvironment } from "../components/environment-picker.tsx";
import { FirstSteps } from "../components/first-steps.tsx";
import { FolderField } from "../components/folder-field.tsx";
import { GrowingTextarea } from "../components/growing-textarea.tsx";
import { InterruptionPicker } from "../components/interruption-picker.tsx";
import { ModelPicker } from "../components/model-picker.tsx";
import { RefField } from "../components/repositories/ref-field.tsx";
import { RepositoryPicker } from "../components/repositories/repository-picker.tsx";
import { TopBar } from "../components/top-bar.tsx";
import css from "./new-session-view.module.css";

export function NewSessionView() {
  const berth = useBerth();
  const { me } = useAccount();
  const { models, sessions } = useShared();
  const [model, setModel] = usePreferredModel(models.data);
  const [prompt, setPrompt] = useDraft("new");
  const [onInterruption, setOnInterruption] = useState<OnInterruption>("ask");
  const [agent, setAgent] = useState<AgentKind>("opencode");
  const [environment, setEnvironment] = useState<ChosenEnvironment>(undefined);
  const environments = useLoad(useCallback(() => berth.environments.list().all(), [berth]));
  const place = usePlace();
  const choices = choicesFor(environments.data ?? [], place.repository?.id ?? null);
  // Refused with `not-found` where Berth does not run on a machine of the user's: then there is no folder to name either.
  // Keys and folders of the machine are for who administers.
  const administers = may(me, "admin");
  const discoveries = useLoad(useCallback(async () => (administers ? berth.machine.discoveries().all() : []), [berth, administers]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorMessage | null>(null);
  // Sent before the models were there: it starts as soon as they are.
  const [waiting, setWaiting] = useState(false);
  const mayStart = may(me, "sessions:write");
  const canStart = mayStart && model !== null && prompt.trim() !== "" && !place.blocks && !busy;

  const chooseRepository = (id: string | null): void => {
    place.choose(id);
    // What was chosen may be for another repository.
    setEnvironment(undefined);
  };

  const start = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault();
    if (mayStart && model === null && models.data === undefined && prompt.trim() !== "") setWaiting(true);
    if (!canStart) return;
    setBusy(true);
    setError(null);
    try {
      const { id } = await berth.sessions.create({ model, workspace: place.workspace, onInterruption, agent, prompt: prompt.trim(), ...(environment === undefined ? {} : { environment }) });
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
          {mayStart ? null : <Notice tone="info">Your role here is viewer: you watch the sessions of the list and start none. Ask an owner or admin for another role.</Notice>}
          <form className={css.card} onSubmit={(event) => void start(event)}>
            <GrowingTextarea
              data-testid="composer"
              aria-label="First message"
              placeholder="Fix the rounding in the order totals and run the tests"
              disabled={!mayStart}
              autoFocus={matchMedia("(pointer: fine)").matches}
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              onSubmit={() => void start()}
            />
            <div className={css.row}>
              <ModelPicker models={models} value={model} onChange={setModel} />
              <InterruptionPicker value={onInterruption} onChange={setOnInterruption} />
              <AgentPicker value={agent} onChange={setAgent} />
              {place.repositories.length === 0 ? null : <RepositoryPicker repositories={place.repositories} value={place.repository?.id ?? null} onChange={chooseRepository} />}
              {choices.own === null && choices.others.length === 0 ? null : <EnvironmentPicker choices={choices} value={environment} onChange={setEnvironment} />}
              <span className={css.space} />
              <Button kind="primary" type="submit" data-testid="send" busy={busy || waiting} disabled={!canStart}>
                Start
              </Button>
            </div>
          </form>
          {agent === "acp" ? <p className={css.hint}>{ACP_LIMITS}</p> : null}
          {place.repository ? <RefField repository={place.repository} value={place.ref} onChange={place.setRef} /> : null}
          {discoveries.error?.code === "not-found" || !administers || place.repository ? null : <FolderField folder={place.folder} />}
          {error ? <ErrorNotice error={error} /> : null}
          {administers ? <FirstSteps discoveries={discoveries} /> : null}
          {mayStart && isDemo(models.data, model) ? <DemoHints onPick={setPrompt} /> : null}
        </div>
      </div>
    </>
  );
}
