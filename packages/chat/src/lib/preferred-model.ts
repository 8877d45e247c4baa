/** The model of a new session: the one used last, if it is still there. */
import { useCallback, useState } from "react";
import type { Model } from "@berth/sdk";

const KEY = "berth:model";

export function usePreferredModel(models: readonly Model[] | undefined): readonly [string | null, (id: string) => void] {
  const [chosen, setChosen] = useState(() => stored());
  const choose = useCallback((id: string) => {
    setChosen(id);
    try {
      localStorage.setItem(KEY, id);
    } catch {
      // No storage here: it is chosen again next time.
    }
  }, []);
  if (!models) return [null, choose];
  const known = models.find(({ id }) => id === chosen);
  // A real model before the stand-in, for who has brought a key.
  const first = known ?? models.find(({ demo }) => !demo) ?? models[0];
  return [first?.id ?? null, choose];
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
