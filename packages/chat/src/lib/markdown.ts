/** Markdown → blocks. Code blocks stay text for a component of their own; the rest becomes sanitised HTML. */
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

export type Block =
  | { readonly kind: "code"; readonly text: string; readonly language: string }
  | { readonly kind: "html"; readonly html: string };

const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    // An image would be fetched from a host of the model's choosing, with what it likes in the address.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || "image")}</a>`,
    // Raw HTML is shown as what it is: text.
    html: ({ text }) => escapeHtml(text),
  },
});

const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});

const POLICY = {
  ALLOWED_TAGS: ["a", "p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "input", "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"],
  ALLOWED_ATTR: ["href", "title", "align", "start", "type", "checked", "disabled"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
};

export function parseBlocks(markdown: string): Block[] {
  const tokens = marked.lexer(markdown);
  return tokens.flatMap((token): Block[] => {
    if (token.type === "space") return [];
    if (token.type === "code") {
      const { text, lang } = token as Tokens.Code;
      return [{ kind: "code", text, language: lang?.split(/\s/)[0] ?? "" }];
    }
    return [{ kind: "html", html: purify.sanitize(marked.parser([token]), POLICY) }];
  });
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
