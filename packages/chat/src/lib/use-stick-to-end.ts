/** Keeps a growing column scrolled to its end, unless the reader scrolled up. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

const NEAR_PX = 48;

export interface StickToEnd {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly atEnd: boolean;
  readonly toEnd: () => void;
}

/** @param count going up means that something of the reader's own came in: then to the end, wherever they were */
export function useStickToEnd(count: number): StickToEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const sticking = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    sticking.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const read = () => ({ top: element.scrollTop, inner: element.scrollHeight, outer: element.clientHeight });
    let before = read();
    const onScroll = (): void => {
      const now = read();
      const near = now.inner - now.top - now.outer < NEAR_PX;
      // A column or window of another size moves the position too; only the reader's own way up counts.
      const wentUp = now.top < before.top && now.inner === before.inner && now.outer === before.outer;
      before = now;
      if (near) sticking.current = true;
      else if (wentUp) sticking.current = false;
      setAtEnd(near || sticking.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    const growth = new ResizeObserver(() => {
      if (sticking.current) element.scrollTop = element.scrollHeight;
    });
    growth.observe(element);
    if (element.firstElementChild) growth.observe(element.firstElementChild);
    return () => {
      element.removeEventListener("scroll", onScroll);
      growth.disconnect();
    };
  }, []);

  useLayoutEffect(toEnd, [count, toEnd]);
  return { scroller, atEnd, toEnd };
}
