/** A textarea as tall as its text, up to a third of the window. */
import { useLayoutEffect, useRef, type ComponentProps } from "react";
import css from "./growing-textarea.module.css";

export interface GrowingTextareaProps extends Omit<ComponentProps<"textarea">, "onSubmit"> {
  readonly value: string;
  /** Enter without Shift, when nothing is being composed by an input method. */
  readonly onSubmit: () => void;
  /** The same with Ctrl or Command. */
  readonly onSubmitNow?: () => void;
}

function fit(element: HTMLTextAreaElement): void {
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
  // A fraction of a pixel that the height leaves out is no reason for a scrollbar.
  element.style.overflowY = element.scrollHeight > element.clientHeight + 1 ? "auto" : "hidden";
}

export function GrowingTextarea({ value, onSubmit, onSubmitNow = onSubmit, ...rest }: GrowingTextareaProps) {
  const ref = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    if (ref.current) fit(ref.current);
  }, [value]);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    let { clientWidth } = element;
    // A narrower window breaks the same text into more lines.
    const watch = new ResizeObserver(() => {
      if (element.clientWidth === clientWidth) return;
      clientWidth = element.clientWidth;
      fit(element);
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return (
    <textarea
      {...rest}
      ref={ref}
      className={css.textarea}
      rows={1}
      value={value}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
        event.preventDefault();
        if (event.ctrlKey || event.metaKey) onSubmitNow();
        else onSubmit();
      }}
    />
  );
}
