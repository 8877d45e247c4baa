/** Before somebody writes what would be refused: the model is none of theirs, since only its owner's key is behind it. */
import { Notice } from "../ui/notice.tsx";

export function OwnModelNote({ model, working }: { readonly model: string; readonly working: boolean }) {
  return (
    <Notice tone="info">
      {model} is not among your models: it is on a key that somebody keeps for themselves, or its key was removed.{" "}
      {working ? "Nobody but them steers this turn or answers what it asks; you can stop it." : "Only they go on with this session while it is on that model."}
    </Notice>
  );
}
