/** Markdown as it is written. Blocks that are finished are not parsed into the page again. */
import { memo, useMemo } from "react";
import { parseBlocks, type Block } from "../lib/markdown.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import css from "./markdown.module.css";

export function Markdown({ text, writing }: { readonly text: string; readonly writing: boolean }) {
  const blocks = useMemo(() => parseBlocks(text), [text]);
  return (
    <div className={`${css.markdown} ${writing ? css.writing : ""}`}>
      {blocks.map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
}

const BlockView = memo(
  function BlockView({ block }: { readonly block: Block }) {
    if (block.kind === "html") return <div dangerouslySetInnerHTML={{ __html: block.html }} />;
    return (
      <figure className={css.code}>
        <figcaption>
          <span>{block.language || "text"}</span>
          <CopyButton text={block.text} />
        </figcaption>
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      </figure>
    );
  },
  (before, after) => sameBlock(before.block, after.block),
);

function sameBlock(before: Block, after: Block): boolean {
  if (before.kind === "html") return after.kind === "html" && before.html === after.html;
  return after.kind === "code" && before.text === after.text && before.language === after.language;
}
